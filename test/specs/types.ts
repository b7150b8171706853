/** Whose API it is: the name of the folder beside this file. */
export type Vendor = 'appwrite' | 'github';

export type Schema = Record<string, unknown>;

/** Schemas by media type. */
export type Content = Record<string, { schema?: Schema | undefined }>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean | undefined;
  schema: Schema;
  /** GitHub's word for a path parameter that may hold slashes. */
  'x-multi-segment'?: boolean | undefined;
}

/** One described operation; its parameters and answers hold no references any more, its schemas do. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  parameters: readonly Parameter[];
  requestBody: { required: boolean; content: Content } | null;
  /** By status; without content the body is empty. */
  answers: Readonly<Record<string, { content?: Content | undefined }>>;
}
