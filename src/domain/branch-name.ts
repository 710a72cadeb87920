import { slugify } from 'transliteration';
import { shortId } from '#src/domain/ids.ts';
import type { TaskType } from '#src/domain/task.ts';

/**
 * `<type>/<slug of title, at most 40 characters>-<first 8 of the id's unique part>`; a title without any usable letter
 * gives `<type>/task-<id8>`. Letters of other scripts are transliterated. Only `[a-z0-9-]` ever comes from a title.
 */
export function branchName(type: TaskType, title: string, taskId: string): string {
  const slug = slugify(title, { lowercase: true, separator: '-' })
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return `${type}/${slug || 'task'}-${shortId(taskId)}`;
}
