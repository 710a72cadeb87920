import { FolderGit2 } from 'lucide-react';
import { Command } from '../ui/command.tsx';
import { Empty } from '../ui/empty.tsx';
import { AddProject } from './add-project.tsx';

/** Where no repository is registered yet: what this is, and how to begin. */
export function NoProject() {
  return (
    <Empty icon={FolderGit2} title="Add a repository to begin">
      <p>
        Sentra works on git repositories of this machine: each task gets a worktree of its own, an agent, and a pull
        request that you merge.
      </p>
      <AddProject open />
      <p className="text-second">The same from a terminal, or a small made-up project to try it out:</p>
      <div className="flex flex-wrap justify-center gap-2">
        <Command text="npx sentra project add PATH" />
        <Command text="npx sentra demo" />
      </div>
    </Empty>
  );
}
