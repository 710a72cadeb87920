/** What the routes of logs do. */
import { downloadLog } from '#src/logs/log-download.ts';
import type { LogReader } from '#src/logs/log-reader.ts';
import { searchProject } from '#src/logs/project-search.ts';
import { openRaw, openWhole } from '#src/logs/raw-download.ts';
import type { Handlers } from '#src/server/api.ts';
import type { Database } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { getTaskRow } from '#src/store/tasks.ts';

type LogHandlers = Pick<
  Handlers,
  'listLogs' | 'getLogSummary' | 'downloadLogs' | 'downloadRaw' | 'getWholeLine' | 'searchLogs'
>;

export function createLogHandlers(database: Database, reader: LogReader): LogHandlers {
  const { db } = database;
  return {
    listLogs: async ({ params, query }) => {
      await getTaskRow(db, params.taskId);
      return reader.list(params.taskId, query);
    },
    getLogSummary: async ({ params, query }) => {
      await getTaskRow(db, params.taskId);
      return reader.summary(params.taskId, query);
    },
    downloadLogs: async ({ params, query: { format, ...selection } }) => {
      await getTaskRow(db, params.taskId);
      return downloadLog(params.taskId, format, reader.pages(params.taskId, selection));
    },
    downloadRaw: async ({ params, query }) => {
      await getTaskRow(db, params.taskId);
      return openRaw(db, params.taskId, query);
    },
    getWholeLine: async ({ params }) => {
      await getTaskRow(db, params.taskId);
      return openWhole(db, params.taskId, params.seq);
    },
    searchLogs: async ({ query }) => {
      await getProjectRow(db, query.projectId);
      return searchProject(database, query);
    },
  };
}
