import assert from 'node:assert/strict';
import { type Conversation, findAnswer } from './find-answer.ts';
import { loadRecordings, type Recording } from './recordings.ts';
import { samplesDir } from './samples.ts';

const user = (content: unknown) => ({ role: 'user', content });
const assistant = { role: 'assistant', content: 'earlier' };

describe('finding the recorded answer', () => {
  let recordings: Recording[] = [];
  before(async () => {
    recordings = await loadRecordings(samplesDir());
  });
  const find = (...messages: Conversation['messages']) => findAnswer(recordings, { messages });

  it('takes the last user text as the question to the lead, whatever was asked before', () => {
    const before = [user('Project: Team Notes\nRequest: clarify\n…'), assistant];
    const answer = find(...before, user('Project: Team Notes\nRequest: review site round 2\n\nThe changes: …'));
    assert.equal(answer.kind, 'lead');
    assert.equal(answer.key, '2-fullstack/review site round 2');
    assert.equal(answer.kind === 'lead' && JSON.parse(answer.text).verdict, 'approve');
  });

  it('takes the number of assistant messages as the turn of an agent, whatever the last text says', () => {
    const head = user('Project: Team Notes\nSubtask: site\n\nBuild the page.');
    const answer = find(head, assistant, { role: 'tool', content: 'ok' }, assistant, user('Project: x\nRequest: plan'));
    assert.equal(answer.kind, 'agent');
    assert.equal(answer.key, '2-fullstack/site#2');
  });

  it('keeps a merge apart from the subtask it belongs to', () => {
    assert.equal(find(user('Project: Team Notes\nSubtask: site\nRequest: merge\n…')).key, '2-fullstack/site:merge#0');
  });

  it('reads texts in parts, with leading white space and Windows line ends', () => {
    const parts = [
      { type: 'text', text: '\r\nProject: Harbour Cafe \r\n' },
      { type: 'text', text: 'Subtask: website\r\n' },
    ];
    assert.equal(find(user(parts)).key, '1-static-site/website#0');
  });

  it('has no answer for anything that was not recorded, and says so', () => {
    const cases = [
      ['Project: Bakery\nRequest: plan', /has none for the project "Bakery"/],
      ['Project: Team Notes\nRequest: plan-repair 1', /"plan-repair 1" in "Team Notes"/],
      ['Project: Team Notes\nRequest: review-escalated site', /"review-escalated site" in "Team Notes"/],
      ['Project: Team Notes\nRequest: review site round 3', /"review site round 3"/],
      ['Project: Team Notes\nRequest: review site round 0', /"review site round 0"/],
      ['Project: Team Notes\nRequest: review toString round 1', /"review toString round 1"/],
      ['Project: Team Notes\nSubtask: __proto__', /turn 1 of "__proto__"/],
      ['Project: Team Notes\nSubtask: wire-up\nRequest: merge', /turn 1 of "wire-up:merge"/],
      ['Hello!', /names no project/],
    ] as const;
    for (const [text, expected] of cases) {
      const answer = find(user(text));
      assert.equal(answer.kind, 'missing', text);
      assert.match(answer.kind === 'missing' ? answer.message : '', expected);
    }
    const beyond = find(user('Project: Harbour Cafe\nSubtask: website'), ...new Array(7).fill(assistant));
    assert.match(beyond.kind === 'missing' ? beyond.message : '', /turn 8 of "website" in "Harbour Cafe"/);
    assert.equal(find().kind, 'missing');
  });

  it('tells with every refusal which samples there are and how to connect real models', () => {
    const answer = find(user(`Project: ${'x'.repeat(500)}\nRequest: plan`));
    const message = answer.kind === 'missing' ? answer.message : '';
    const wanted = ['Harbour Cafe', 'Team Notes', 'Shipping Quote API'];
    for (const text of [...wanted, 'XAI_API_KEY', 'ANTHROPIC_API_KEY', 'XAI_BASE_URL', 'ANTHROPIC_BASE_URL']) {
      assert.ok(message.includes(text), text);
    }
    assert.ok(message.length < 700);
  });
});
