import * as z from 'zod';
import type { ToolSpec } from '../../core/ports.ts';

const path = z.string().min(1);

export const ToolArguments = {
  read: z.strictObject({
    file_path: path.describe('Path relative to the project root.'),
    view_range: z
      .tuple([z.int().min(1), z.int().min(-1)])
      .optional()
      .describe('[first line, last line]; -1 is the end.'),
  }),
  write: z.strictObject({
    file_path: path.describe('Path relative to the project root. Folders are made as needed.'),
    content: z.string().describe('The whole new content of the file.'),
  }),
  edit: z.strictObject({
    file_path: path.describe('Path relative to the project root.'),
    old_string: z
      .string()
      .min(1)
      .describe('Text to replace, exactly as in the file; must be unique unless replace_all.'),
    new_string: z.string(),
    replace_all: z.boolean().optional(),
  }),
  glob: z.strictObject({
    pattern: z.string().min(1).describe('Such as src/**/*.js.'),
    path: path.optional().describe('Folder to search in; the project root by default.'),
  }),
  grep: z.strictObject({
    pattern: z.string().min(1).describe('Regular expression, matched line by line.'),
    path: path.optional().describe('File or folder to search in; the project root by default.'),
  }),
  run: z.strictObject({
    command: z.string().min(1).describe('A shell line, run in the project root. It must end by itself.'),
  }),
};
export type ToolName = keyof typeof ToolArguments;

const DESCRIPTIONS: Record<ToolName, string> = {
  read: 'Read a text file of the project, whole or by lines. Large files need view_range.',
  write: 'Create a file of the project, or replace it.',
  edit: 'Replace a text in a file of the project.',
  glob: 'List files of the project that match a pattern, newest first. Leaves out .git and node_modules.',
  grep: 'Search the files of the project for a pattern. Leaves out .git and node_modules.',
  run: 'Run a command in the project: tests, builds, scripts. Not for git changes, publishing or long-running servers.',
};

export const TOOL_NAMES = ['read', 'write', 'edit', 'glob', 'grep', 'run'] as const satisfies readonly ToolName[];

export const TOOL_SPECS: readonly ToolSpec[] = TOOL_NAMES.map((name) => {
  const { $schema: _, ...inputSchema } = z.toJSONSchema(ToolArguments[name], { io: 'input' });
  return { name, description: DESCRIPTIONS[name], inputSchema };
});

/** What is wrong with a call's arguments, by field, in words for the model. */
export function describeFaults(name: ToolName, error: z.ZodError): string {
  const faults = error.issues.map((issue) => {
    const field = issue.path.join('.') || (issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : 'arguments');
    return `${field}: ${issue.message}`;
  });
  return `Wrong arguments for ${name}. ${faults.join('; ')}. Its fields: ${Object.keys(ToolArguments[name].shape).join(', ')}.`;
}
