/** What models cost: shipped, set for all projects, or set for one; the one that holds stands first. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Price } from '#src/domain/price.ts';
import type { Project } from '#src/domain/project.ts';
import { messageOf } from '#src/errors.ts';
import { api, pricesQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';

export function PricesPanel({ project }: { project: Project | undefined }) {
  const { data: prices = [], error } = useQuery(pricesQuery(project?.id));
  const [adding, setAdding] = useState(false);
  const add = (
    <Button size="small" onClick={() => setAdding(true)}>
      <Plus aria-hidden="true" />
      Set price
    </Button>
  );
  return (
    <Panel title="Prices" note={add}>
      <p className="border-b border-line px-4 py-2.5 text-xs text-second">
        US dollars for a million tokens: input, output, read from the cache, written to it. They count where an agent
        does not tell its costs itself.
      </p>
      {error && (
        <div className="p-4">
          <Notice tone="err">{messageOf(error)}</Notice>
        </div>
      )}
      <ScrollRegion className="max-h-96 overflow-y-auto" aria-label="Prices of models">
        <ul>
          {prices.map((price) => (
            <PriceRow key={`${price.scope} ${price.model}`} price={price} project={project} />
          ))}
        </ul>
      </ScrollRegion>
      {adding && <PriceForm project={project} onClose={() => setAdding(false)} />}
    </Panel>
  );
}

const setFor = { default: 'shipped', server: 'all projects', project: 'this project' } as const;

function PriceRow({ price, project }: { price: Price; project: Project | undefined }) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      api.removePrice({
        params: { model: price.model },
        query: price.scope === 'project' && project ? { projectId: project.id } : {},
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['costs'] }),
  });
  const { inputUsd, outputUsd, cacheReadUsd, cacheWriteUsd } = price;
  return (
    <li className="flex flex-col gap-0.5 border-t border-line px-4 py-2 first:border-t-0">
      <span className="flex min-w-0 items-center gap-2">
        <span className="mono cut">{price.model}</span>
        <span className="ml-auto flex-none">
          {[inputUsd, outputUsd, cacheReadUsd, cacheWriteUsd].map((usd) => `$${usd}`).join(' / ')}
        </span>
        {price.scope !== 'default' && (
          <Button
            size="small"
            look="ghost"
            icon
            aria-label={`Remove the price of ${price.model}`}
            disabled={remove.isPending}
            onClick={() => remove.mutate()}
          >
            <Trash2 aria-hidden="true" />
          </Button>
        )}
      </span>
      <span className="cut text-xs text-second" title={price.source}>
        {setFor[price.scope]}, {price.asOf.slice(0, 10)}: {price.source}
      </span>
      {remove.isError && <Notice tone="err">{messageOf(remove.error)}</Notice>}
    </li>
  );
}

const fields = [
  { name: 'inputUsd', label: 'Input' },
  { name: 'outputUsd', label: 'Output' },
  { name: 'cacheReadUsd', label: 'Cache read' },
  { name: 'cacheWriteUsd', label: 'Cache write' },
] as const;

function PriceForm({ project, onClose }: { project: Project | undefined; onClose: () => void }) {
  const [model, setModel] = useState('');
  const [source, setSource] = useState('');
  const [rates, setRates] = useState<Partial<Record<(typeof fields)[number]['name'], string>>>({});
  const queryClient = useQueryClient();
  const keep = useMutation({
    mutationFn: () => {
      const usd = (name: keyof typeof rates) => (rates[name]?.trim() ? { [name]: Number(rates[name]) } : {});
      return api.setPrice({
        body: {
          ...(project ? { projectId: project.id } : {}),
          model,
          inputUsd: Number(rates.inputUsd),
          outputUsd: Number(rates.outputUsd),
          ...usd('cacheReadUsd'),
          ...usd('cacheWriteUsd'),
          ...(source.trim() ? { source: source.trim() } : {}),
        },
      });
    },
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: ['costs'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Price of a model"
      description={`For ${project ? project.name : 'all projects'}, in US dollars for a million tokens. What had no price until now is reckoned with it.`}
    >
      <form onSubmit={submit} className="flex flex-col gap-4 p-4">
        <Field label="Model" hint="Its id as the agent tells it; * stands for any characters">
          {(props) => (
            <input
              {...props}
              required
              className="field mono"
              value={model}
              onChange={(e) => setModel(e.target.value)}
            />
          )}
        </Field>
        <div className="grid grid-cols-2 gap-4">
          {fields.map(({ name, label }, index) => (
            <Field key={name} label={label} {...(index < 2 ? {} : { hint: 'as input where it is left out' })}>
              {(props) => (
                <input
                  {...props}
                  required={index < 2}
                  type="number"
                  min="0"
                  step="any"
                  inputMode="decimal"
                  className="field"
                  value={rates[name] ?? ''}
                  onChange={(event) => setRates({ ...rates, [name]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </div>
        <Field label="Where it was read">
          {(props) => (
            <input
              {...props}
              maxLength={500}
              className="field"
              value={source}
              onChange={(e) => setSource(e.target.value)}
            />
          )}
        </Field>
        {keep.isError && <Notice tone="err">{messageOf(keep.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={keep.isPending}>
            Keep price
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
