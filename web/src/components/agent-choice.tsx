import { useQuery } from '@tanstack/react-query';
import { Effort } from '#src/domain/agent-definition.ts';
import { agentsQuery } from '../queries.ts';
import { Field } from '../ui/field.tsx';
import { Select } from '../ui/select.tsx';

type Props = {
  /** Empty: as the project says. */
  agent: string;
  model: string;
  effort: string;
  /** An empty word leaves it to the project and the agent. */
  onChange: (change: { model?: string; effort?: string }) => void;
};

/** What a task asks of its agents, over what the project says of them; what an agent cannot be given cannot be written. */
export function AgentChoice({ agent, model, effort, onChange }: Props) {
  const { data: agents = [] } = useQuery(agentsQuery);
  const can = agents.find(({ name }) => name === agent)?.capabilities;
  const efforts = can ? can.efforts : Effort.options;
  const cannot = (what: 'model' | 'effort') => can?.[what] === false;
  const hintOf = (what: 'model' | 'effort') => (cannot(what) ? { hint: `${agent} takes none.` } : {});
  return (
    <>
      <Field label="Model" {...hintOf('model')}>
        {(props) => (
          <input
            {...props}
            className="field"
            maxLength={200}
            placeholder="As the agent says"
            disabled={cannot('model') && !model}
            value={model}
            onChange={(event) => onChange({ model: event.target.value })}
          />
        )}
      </Field>
      <Field label="Effort" {...hintOf('effort')}>
        {(props) =>
          efforts && (!effort || efforts.includes(effort)) ? (
            <Select
              {...props}
              options={[
                { value: '', label: 'As the agent says' },
                ...efforts.map((value) => ({ value, label: value })),
              ]}
              value={effort}
              onValue={(value) => onChange({ effort: value })}
            />
          ) : (
            <input
              {...props}
              className="field"
              maxLength={50}
              placeholder="In the agent's words"
              disabled={cannot('effort') && !effort}
              value={effort}
              onChange={(event) => onChange({ effort: event.target.value })}
            />
          )
        }
      </Field>
    </>
  );
}
