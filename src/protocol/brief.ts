import * as z from 'zod';

/** What a person asks for. Version 1; unknown fields are refused so that a typo is never silently ignored. */
export const Brief = z.strictObject({
  name: z.string().trim().min(1).max(80),
  description: z.string().trim().min(1),
  type: z.enum(['web', 'mobile', 'api', 'fullstack']),
  requirements: z.array(z.string().trim().min(1)).min(1),
  constraints: z.array(z.string().trim().min(1)).default([]),
  deployment: z
    .strictObject({
      target: z.literal('appwrite').default('appwrite'),
      /** Create what is missing in the Appwrite project (database, tables, function, site). */
      autoSetup: z.boolean().default(true),
      database: z.boolean().default(false),
      functions: z.boolean().default(false),
    })
    .prefault({}),
});
export type Brief = z.infer<typeof Brief>;
