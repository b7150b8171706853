import { MAX } from './limits.ts';

/** The shared database as Appwrite knows it; `appwrite.json` describes the same. Field names are those of the records. */
export interface RecordColumn {
  key: string;
  /** `json`: an `object` or `array` field as JSON text. `integer`: whole milliseconds. */
  type: 'text' | 'json' | 'enum' | 'integer' | 'datetime';
  /** Characters; 0 for what has no size. */
  size: number;
  elements: readonly string[];
}

export interface RecordTable {
  id: 'tasks' | 'activities' | 'deployments';
  name: string;
  columns: readonly RecordColumn[];
  /** Columns that are looked up by, one index each; no enum, which is too wide for one. */
  indexed: readonly string[];
}

const text = (key: string, size: number): RecordColumn => ({ key, type: 'text', size, elements: [] });
/** More than the longest value: above 16,381 characters a text takes no room in the row. */
const json = (key: string): RecordColumn => ({ key, type: 'json', size: 16_384, elements: [] });
const oneOf = (key: string, ...elements: string[]): RecordColumn => ({ key, type: 'enum', size: 0, elements });
const datetime = (key: string): RecordColumn => ({ key, type: 'datetime', size: 0, elements: [] });

export const RECORD_TABLES: readonly RecordTable[] = [
  {
    id: 'activities',
    name: 'Agent activities',
    columns: [
      text('activityId', 36),
      text('taskId', MAX.name),
      text('agentId', MAX.name),
      oneOf('agentType', 'grok', 'claude'),
      text('action', MAX.name),
      json('input'),
      json('output'),
      { key: 'duration', type: 'integer', size: 0, elements: [] },
      oneOf('status', 'success', 'failure'),
      datetime('timestamp'),
    ],
    indexed: ['taskId', 'timestamp'],
  },
  {
    id: 'deployments',
    name: 'Deployments',
    columns: [
      text('deploymentId', 36),
      text('taskId', MAX.name),
      oneOf('type', 'site', 'function', 'database'),
      text('appwriteProjectId', MAX.name),
      text('githubRepo', MAX.address),
      json('buildArtifacts'),
      oneOf('status', 'pending', 'building', 'deployed', 'failed'),
      text('url', MAX.address),
      json('logs'),
      datetime('createdAt'),
    ],
    indexed: ['taskId'],
  },
  {
    id: 'tasks',
    name: 'Tasks',
    columns: [
      text('taskId', MAX.name),
      text('userId', MAX.label),
      text('projectName', MAX.label),
      json('requirements'),
      oneOf('status', 'pending', 'processing', 'completed', 'failed'),
      json('grokAnalysis'),
      json('claudeAssignments'),
      text('githubRepo', MAX.address),
      json('deploymentInfo'),
      datetime('createdAt'),
      datetime('updatedAt'),
    ],
    indexed: ['createdAt', 'userId'],
  },
];
