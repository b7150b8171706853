import type { Answer, Question } from '../../protocol/plan.ts';

/** What was typed, question by question; an empty text and an untouched default are the default. */
export function answersOf(questions: readonly Question[], texts: readonly string[]): Answer[] {
  return questions.map((question, index) => {
    const text = texts[index]?.trim() ?? '';
    const isDefault = text === '' || text === question.defaultAnswer.trim();
    return {
      questionId: question.id,
      text: isDefault ? question.defaultAnswer : text,
      source: isDefault ? 'default' : 'person',
    };
  });
}
