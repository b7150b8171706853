import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { type LiveRegion, openLiveRegion } from './live-region.ts';

const ESCAPE = '\u001b';
const SEQUENCE = new RegExp(`(${ESCAPE}\\[\\??\\d*[A-Za-z]|\\n)`);
const UP = new RegExp(`^${ESCAPE}\\[(\\d+)F$`);

/** A terminal that keeps the lines on its screen: knows what the region sends and nothing more. */
class Screen extends Writable {
  columns = 20;
  rows = 10;
  lines: string[] = [''];
  isCursorShown = true;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const parts = String(chunk).split(SEQUENCE);
    for (const part of parts) {
      const up = UP.exec(part)?.[1];
      if (up !== undefined) {
        // Up moves within the lines; what is below is cleared by the sequence that always follows.
        this.lines.length = Math.max(0, this.lines.length - 1 - Number(up));
        this.lines.push('');
      } else if (part === '\n') this.lines.push('');
      else if (part === '\u001b[?25l') this.isCursorShown = false;
      else if (part === '\u001b[?25h') this.isCursorShown = true;
      else if (part !== '\u001b[J') this.lines[this.lines.length - 1] += part;
    }
    done();
  }
}

describe('the live region on a terminal', () => {
  let screen: Screen;
  let region: LiveRegion;
  let frame: string[];
  beforeEach(() => {
    screen = new Screen();
    frame = ['one', 'two'];
    region = openLiveRegion(screen, () => frame);
  });
  afterEach(() => region.close());
  const redrawn = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise((next) => setTimeout(next, 10));
  };

  it('stays below the log lines and is redrawn in place', async () => {
    region.log(['first']);
    assert.deepEqual(screen.lines, ['first', 'one', 'two', '']);
    frame = ['three'];
    region.log(['second']);
    assert.deepEqual(screen.lines, ['first', 'second', 'three', '']);
    frame = ['four', 'five'];
    region.invalidate();
    await redrawn(() => screen.lines.includes('five'));
    assert.deepEqual(screen.lines, ['first', 'second', 'four', 'five', '']);
  });

  it('leaves the screen to questions and comes back after them', async () => {
    region.log(['first']);
    region.pause();
    assert.deepEqual(screen.lines, ['first', '']);
    assert.equal(screen.isCursorShown, true);
    region.log(['while paused']);
    assert.deepEqual(screen.lines, ['first', 'while paused', '']);
    region.resume();
    await redrawn(() => screen.lines.includes('two'));
    assert.deepEqual(screen.lines, ['first', 'while paused', 'one', 'two', '']);
  });

  it('erases the lines that a narrower terminal has wrapped', () => {
    frame = ['a'.repeat(18)];
    region.log([]);
    region.log(['first']);
    // The terminal wraps the 18 columns into two rows of 10.
    screen.columns = 10;
    screen.lines = ['first', 'a'.repeat(10), 'a'.repeat(8), ''];
    frame = ['short'];
    region.log(['second']);
    assert.deepEqual(screen.lines, ['first', 'second', 'short', '']);
  });

  it('is gone after it is closed, with the cursor shown and no listener left', () => {
    const before = process.listenerCount('exit');
    region.log(['first']);
    region.close();
    region.close();
    assert.deepEqual(screen.lines, ['first', '']);
    assert.equal(screen.isCursorShown, true);
    assert.equal(process.listenerCount('exit'), before - 1);
    assert.equal(screen.listenerCount('resize'), 0);
  });
});
