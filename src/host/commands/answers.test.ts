import assert from 'node:assert/strict';
import { answersOf } from './answers.ts';

const QUESTIONS = [
  { id: 'q1', text: 'Which currency?', defaultAnswer: 'EUR' },
  { id: 'q2', text: 'Which language?', defaultAnswer: 'English' },
  { id: 'q3', text: 'Dark mode?', defaultAnswer: 'no' },
];

describe('answers to the questions of the lead', () => {
  it('tell what a person wrote from the defaults that they left', () => {
    assert.deepEqual(answersOf(QUESTIONS, [' CHF ', 'English', '']), [
      { questionId: 'q1', text: 'CHF', source: 'person' },
      { questionId: 'q2', text: 'English', source: 'default' },
      { questionId: 'q3', text: 'no', source: 'default' },
    ]);
  });

  it('are complete even when texts are missing', () => {
    assert.deepEqual(
      answersOf(QUESTIONS, []).map((answer) => answer.source),
      ['default', 'default', 'default'],
    );
  });
});
