import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FolderPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { messageOf } from '#src/errors.ts';
import { api } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';

/** Registers a repository by its path on the server's machine. */
export function AddProject({ open: openBoard = false }: { open?: boolean }) {
  const [path, setPath] = useState('');
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const add = useMutation({
    mutationFn: () => api.addProject({ body: { path: path.trim() } }),
    onSuccess: async (project) => {
      setPath('');
      await queryClient.invalidateQueries({ queryKey: ['projects'] });
      if (openBoard) await navigate({ to: '/', search: { project: project.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit} className="w-full text-left">
      <Field label="Path of a git repository on this machine" error={add.isError ? messageOf(add.error) : undefined}>
        {(props) => (
          <span className="flex gap-2">
            <input
              {...props}
              required
              className="field mono"
              placeholder="/home/me/my-app"
              value={path}
              onChange={(event) => setPath(event.target.value)}
            />
            <Button type="submit" disabled={add.isPending}>
              <FolderPlus aria-hidden="true" />
              Add project
            </Button>
          </span>
        )}
      </Field>
    </form>
  );
}
