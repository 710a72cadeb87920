/** What the command palette offers for what is typed. Everything it does is done elsewhere too, by a button or a link. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Folder, Folders, Keyboard, ListTree, type LucideIcon, Moon, Plus, ScrollText, Sun } from 'lucide-react';
import { whyNot } from '#src/domain/actions.ts';
import type { Task } from '#src/domain/task.ts';
import { statusLabel, typeIcons } from '../components/marks.tsx';
import { places } from '../components/places.ts';
import { useShell } from '../components/shell-context.ts';
import { actionLooks, actionsOf } from '../components/task-actions.tsx';
import { type Findable, findableText, findBest, type Match } from '../palette.ts';
import { taskQuery } from '../queries.ts';
import { useFoundTasks } from './use-found-tasks.ts';
import { useProject } from './use-project.ts';
import { useTaskAction } from './use-task-action.ts';
import { useTheme } from './use-theme.ts';

export type Command = { id: string; label: string; icon: LucideIcon; note?: string; keys?: string; run: () => void };
export type CommandGroup = { name: string; commands: Command[] };

export type PaletteDoors = {
  /** Of the page that is open. */
  taskId: string | undefined;
  onNewTask: (title: string) => void;
  onLogs: () => void;
  onMerge: (task: Task) => void;
  onClose: () => void;
};

/** `isEmpty`: nothing matches, and making a task of the words is all there is to do. */
export type Palette = { groups: CommandGroup[]; isEmpty: boolean; isLooking: boolean; error: Error | null };

export function usePalette(query: string, doors: PaletteDoors): Palette {
  const tasks = useTaskMatches(query, doors.onClose);
  const pages = usePages(doors);
  const projects = useProjects(doors.onClose);
  const action = useTaskCommands(doors);
  const general = useDeeds(doors);
  const deeds = [...action.commands, ...general];
  const told = { isLooking: tasks.isLooking, error: action.error ?? tasks.error };
  const typed = query.trim();
  if (!typed) {
    const groups = [
      { name: 'Do', commands: deeds },
      { name: 'Pages', commands: pages },
    ];
    return { groups, isEmpty: false, ...told };
  }
  const groups = [
    { name: 'Tasks', matches: tasks.matches },
    { name: 'Pages', matches: matchesOf(pages, typed) },
    { name: 'Projects', matches: matchesOf(projects, typed) },
    { name: 'Do', matches: matchesOf(deeds, typed) },
  ]
    .filter(({ matches }) => matches.length > 0)
    .toSorted((a, b) => bestOf(a.matches) - bestOf(b.matches))
    .map(({ name, matches }) => ({ name, commands: matches.map(({ item }) => item) }));
  if (groups.length > 0 || tasks.isLooking || tasks.error) return { groups, isEmpty: false, ...told };
  const create = { id: 'create', label: `New task “${typed}”`, icon: Plus, run: () => doors.onNewTask(typed) };
  return { groups: [{ name: 'Do', commands: [create] }], isEmpty: true, ...told };
}

const matchesOf = (commands: readonly Command[], query: string): Match<Command & Findable>[] =>
  findBest(
    commands.map((command) => ({ ...command, text: findableText(command.label) })),
    query,
    commands.length,
  );

const bestOf = (matches: readonly Match<Command>[]): number => Math.min(...matches.map(({ rank }) => rank));

function useTaskMatches(query: string, onClose: () => void) {
  const { found, isLooking, error } = useFoundTasks(query);
  const { project, projects } = useProject();
  const navigate = useNavigate();
  const matches = found.map(({ item: { task }, rank }): Match<Command> => {
    const isElsewhere = projects.length > 1 && task.projectId !== project?.id;
    const home = isElsewhere ? projects.find(({ id }) => id === task.projectId)?.name : undefined;
    const run = () => {
      onClose();
      void navigate({
        to: '/tasks/$id',
        params: { id: task.id },
        search: (before: { project?: string }) => ({
          project: before.project && isElsewhere ? task.projectId : before.project,
        }),
      });
    };
    const note = [home, statusLabel(task.status)].filter(Boolean).join(' · ');
    return { rank, item: { id: task.id, label: task.title, icon: typeIcons[task.type], note, run } };
  });
  return { matches, isLooking, error };
}

function usePages({ onClose, onLogs }: PaletteDoors): Command[] {
  const navigate = useNavigate();
  const pages = places.map(({ to, label, keys, icon }) => {
    const run = () => {
      onClose();
      void navigate({ to, search: ({ project }: { project?: string }) => ({ project }) });
    };
    return { id: to, label, icon, run, ...(keys ? { keys } : {}) };
  });
  return [...pages, { id: 'logs', label: 'Logs', keys: 'l', icon: ScrollText, run: onLogs }];
}

/** None where there is nothing to choose. */
function useProjects(onClose: () => void): Command[] {
  const { projects } = useProject();
  const navigate = useNavigate();
  if (projects.length < 2) return [];
  const open = (project: string | undefined) => () => {
    onClose();
    void navigate({ to: '/', search: { project } });
  };
  return [
    { id: 'all', label: 'All projects', icon: Folders, run: open(undefined) },
    ...projects.map(({ id, name }) => ({ id, label: name, icon: Folder, run: open(id) })),
  ];
}

/** What is allowed now for the task whose page is open; not changes, which go with the comments written on that page. */
function useTaskCommands({ taskId, onMerge, onClose }: PaletteDoors): { commands: Command[]; error: Error | null } {
  const { data: task } = useQuery({ ...taskQuery(taskId ?? ''), enabled: taskId !== undefined });
  const action = useTaskAction(taskId ?? '');
  if (!task) return { commands: [], error: null };
  const commands = actionsOf(task).flatMap((name): Command[] => {
    if (name === 'request_changes' || whyNot(name, task)) return [];
    const run = () => {
      if (name === 'merge') onMerge(task);
      else if (!action.isPending)
        action.mutate(name === 'start' ? { name, workflowType: task.workflowType } : { name }, { onSuccess: onClose });
    };
    return [{ id: name, ...actionLooks[name], note: task.title, run }];
  });
  return { commands, error: action.error };
}

function useDeeds({ onNewTask, onClose }: PaletteDoors): Command[] {
  const { showShortcuts } = useShell();
  const { theme, toggle } = useTheme();
  const navigate = useNavigate();
  const analyze = () => {
    onClose();
    void navigate({ to: '/analyst', search: ({ project }: { project?: string }) => ({ project }) });
  };
  const changeTheme = () => {
    onClose();
    toggle();
  };
  const other = theme === 'dark' ? 'light' : 'dark';
  return [
    { id: 'new', label: 'New task', keys: 'c', icon: Plus, run: () => onNewTask('') },
    { id: 'analyze', label: 'Analyze a specification', icon: ListTree, run: analyze },
    { id: 'theme', label: `Use the ${other} theme`, icon: other === 'light' ? Sun : Moon, run: changeTheme },
    { id: 'shortcuts', label: 'Keyboard shortcuts', keys: '?', icon: Keyboard, run: showShortcuts },
  ];
}
