/**
 * Reads the XML that test tools write, as it comes and as far as it goes: a report that was cut off still tells what was in it.
 * No entity but the five of XML and character numbers is known, so nothing expands and nothing is fetched; declarations are
 * skipped. Never throws, keeps no tree, and walks through the text once.
 */
export type XmlReader = {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  text(text: string): void;
  close(name: string): void;
};

export function readXml(xml: string, reader: XmlReader): void {
  let at = 0;
  while (at < xml.length) {
    const next = xml.indexOf('<', at);
    if (next < 0) return;
    if (next > at) reader.text(decode(xml.slice(at, next)));
    at = readMarkup(xml, next, reader);
  }
}

/** Answers where to go on. */
function readMarkup(xml: string, at: number, reader: XmlReader): number {
  if (xml.startsWith('<!--', at)) return after(xml, '-->', at + 4);
  if (xml.startsWith('<?', at)) return after(xml, '?>', at + 2);
  if (xml.startsWith('<![CDATA[', at)) {
    const end = after(xml, ']]>', at + 9);
    reader.text(xml.slice(at + 9, end - 3));
    return end;
  }
  if (xml.startsWith('<!', at)) return afterDeclaration(xml, at);
  if (xml.startsWith('</', at)) {
    const end = after(xml, '>', at + 2);
    reader.close(xml.slice(at + 2, end - 1).trim());
    return end;
  }
  return readElement(xml, at, reader);
}

const attributePattern = /\s+([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
const namePattern = /[^\s/>]+/y;

function readElement(xml: string, at: number, reader: XmlReader): number {
  namePattern.lastIndex = at + 1;
  const name = namePattern.exec(xml)?.[0];
  if (!name) return at + 1;
  const attributes: Record<string, string> = Object.create(null);
  attributePattern.lastIndex = at + 1 + name.length;
  let end = attributePattern.lastIndex;
  for (let found = attributePattern.exec(xml); found; found = attributePattern.exec(xml)) {
    attributes[found[1] ?? ''] = decode(found[2] ?? found[3] ?? '');
    end = attributePattern.lastIndex;
  }
  const close = after(xml, '>', end);
  reader.open(name, attributes);
  if (xml[close - 2] === '/') reader.close(name);
  return close;
}

/** A document type may hold declarations of its own in brackets. */
function afterDeclaration(xml: string, at: number): number {
  const end = after(xml, '>', at);
  const bracket = xml.slice(at, end).indexOf('[');
  return bracket < 0 ? end : after(xml, ']>', at + bracket);
}

/** The place behind `mark`; the end of the text where there is none. */
function after(xml: string, mark: string, from: number): number {
  const found = xml.indexOf(mark, from);
  return found < 0 ? xml.length : found + mark.length;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const decode = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g, (_, decimal, hex, name) =>
        name ? (entities[name] ?? '') : character(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
      )
    : text;

const character = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD');
