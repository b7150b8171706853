import { MAX } from './limits.ts';

/** The shared database as Appwrite knows it; `appwrite.json` describes the same. Field names are those of the records. */
export interface RecordColumn {
  key: string;
  /** `json`: an `object` or `array` field as JSON text. */
  type: 'text' | 'json' | 'enum' | 'number' | 'datetime';
  /** Characters; 0 for what has no size. */
  size: number;
  elements: readonly string[];
}

export interface RecordTable {
  id: 'tasks' | 'activities' | 'deployments';
  name: string;
  columns: readonly RecordColumn[];
  /** Columns of each index. No enum: that is too wide for one. */
  indexed: readonly (readonly string[])[];
}

const text = (key: string, size: number = MAX.name): RecordColumn => ({ key, type: 'text', size, elements: [] });
/** More than the longest value, which takes no room in the row. */
const json = (key: string): RecordColumn => ({ key, type: 'json', size: 65_535, elements: [] });
const oneOf = (key: string, ...elements: string[]): RecordColumn => ({ key, type: 'enum', size: 0, elements });
const datetime = (key: string): RecordColumn => ({ key, type: 'datetime', size: 0, elements: [] });

/** Accounts with one of these labels may read; only keys write. */
export const READERS: readonly string[] = ['admin', 'developer', 'viewer'];

export const RECORD_TABLES: readonly RecordTable[] = [
  {
    id: 'activities',
    name: 'Agent activities',
    columns: [
      text('activityId'),
      text('taskId'),
      text('agentId'),
      oneOf('agentType', 'grok', 'claude'),
      text('action'),
      json('input'),
      json('output'),
      { key: 'duration', type: 'number', size: 0, elements: [] },
      oneOf('status', 'success', 'failure'),
      datetime('timestamp'),
    ],
    indexed: [['taskId', 'timestamp']],
  },
  {
    id: 'deployments',
    name: 'Deployments',
    columns: [
      text('deploymentId'),
      text('taskId'),
      oneOf('type', 'site', 'function', 'database'),
      text('appwriteProjectId'),
      text('githubRepo', MAX.address),
      json('buildArtifacts'),
      oneOf('status', 'pending', 'building', 'deployed', 'failed'),
      text('url', MAX.address),
      json('logs'),
      datetime('createdAt'),
    ],
    indexed: [['taskId']],
  },
  {
    id: 'tasks',
    name: 'Tasks',
    columns: [
      text('taskId'),
      text('userId'),
      text('projectName'),
      json('requirements'),
      oneOf('status', 'pending', 'processing', 'completed', 'failed'),
      json('grokAnalysis'),
      json('claudeAssignments'),
      text('githubRepo', MAX.address),
      json('deploymentInfo'),
      datetime('createdAt'),
      datetime('updatedAt'),
    ],
    indexed: [['createdAt'], ['userId']],
  },
];
