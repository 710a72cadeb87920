/** Figures in the text format of Prometheus, version 0.0.4. */

export type Metric = {
  /** Without `sentra_`; of a counter it ends with `_total`. */
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
};

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

export const toPrometheus = (metrics: readonly Metric[]): string =>
  metrics
    .flatMap(({ name, type, help, samples }) => [
      `# HELP sentra_${name} ${help}`,
      `# TYPE sentra_${name} ${type}`,
      ...samples.map(({ labels, value }) => `sentra_${name}${labelsOf(labels)} ${value}`),
    ])
    .join('\n')
    .concat('\n');

function labelsOf(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length ? `{${pairs.join(',')}}` : '';
}

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
