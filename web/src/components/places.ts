/** The pages that can be gone to from anywhere, in the order of the sidebar, with the keys that lead there. */
import {
  CircleDollarSign,
  Columns3,
  Cpu,
  GitMerge,
  House,
  ListTree,
  SlidersHorizontal,
  Table2,
  Workflow,
} from 'lucide-react';

export const places = [
  { to: '/home', label: 'Home', keys: 'g h', icon: House },
  { to: '/', label: 'Board', keys: 'g b', icon: Columns3 },
  { to: '/table', label: 'Table', keys: 'g t', icon: Table2 },
  { to: '/graph', label: 'Graph', keys: 'g g', icon: Workflow },
  { to: '/analyst', label: 'Analyst', keys: 'g a', icon: ListTree },
  { to: '/merges', label: 'Merges', keys: undefined, icon: GitMerge },
  { to: '/costs', label: 'Costs', keys: 'g m', icon: CircleDollarSign },
  { to: '/resources', label: 'Resources', keys: 'g r', icon: Cpu },
  { to: '/settings', label: 'Settings', keys: 'g s', icon: SlidersHorizontal },
] as const;
