import * as z from 'zod';
import { type SettingChange, sameValue } from '../changes.ts';
import type { ColumnState } from './state.ts';

/** Settings of a column that can be brought back in place. */
const Restorable = z.discriminatedUnion('name', [
  z.object({ name: z.literal('required'), from: z.boolean(), to: z.boolean() }),
  z.object({ name: z.literal('size'), from: z.number(), to: z.number() }),
  z.object({ name: z.literal('min'), from: z.number().nullable(), to: z.number().nullable() }),
  z.object({ name: z.literal('max'), from: z.number().nullable(), to: z.number().nullable() }),
  z.object({ name: z.literal('elements'), from: z.array(z.string()), to: z.array(z.string()) }),
  z.object({ name: z.literal('onDelete'), from: z.string(), to: z.string() }),
  z.object({
    name: z.literal('default'),
    from: z.union([z.string(), z.number(), z.boolean()]).nullable(),
    to: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  }),
]);

/** Null when it cannot be brought back, also because somebody has changed it since. */
export function restoreColumn(column: ColumnState, setting: SettingChange): z.infer<typeof Restorable> | 'done' | null {
  const parsed = Restorable.safeParse(setting);
  if (!parsed.success) return null;
  const now = column[parsed.data.name] ?? null;
  if (sameValue(now, parsed.data.from)) return 'done';
  return sameValue(now, parsed.data.to) ? parsed.data : null;
}
