import * as z from 'zod';
import { AppError } from '../../protocol/errors.ts';
import { EditorAnswerPart } from '../../protocol/language-models.ts';

/** The parts of an earlier answer, which the core gives back unchanged. */
export function earlierParts(content: readonly unknown[], model: string): EditorAnswerPart[] {
  const parts = z.array(EditorAnswerPart).safeParse(content);
  if (parts.success) return parts.data;
  throw new AppError({
    code: 'configuration',
    message: `the conversation holds blocks of another provider: ${z.prettifyError(parts.error)}`,
    userMessage: `This part of the run was begun with another provider and cannot go on with the editor's model ${model}. Set the provider back and resume, or start a new run.`,
    details: { charged: 'no' },
  });
}
