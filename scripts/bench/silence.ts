import { startMock } from './mock.ts';
import { monotonicMs } from './mock-protocol.ts';
import { runOrchestrator } from './orchestrator.ts';
import { makePlace } from './place.ts';
import type { Measure } from './report.ts';
import { scriptOf } from './work.ts';

/** A provider that takes a request and never says a word: how long until the run says so. Takes as long as it measures. */
export const silence: Measure = {
  name: 'silence',
  about: 'time until a silent provider is noticed',
  async measure({ say }) {
    const mock = await startMock();
    const place = makePlace(0);
    try {
      say('silence: waiting for the run to lose patience …');
      await mock.play({ ...scriptOf([{ id: 'part', dependsOn: [], turns: 1 }], 0), silent: true });
      let noticedMs = Number.NaN;
      await runOrchestrator(place, {
        mockUrl: mock.url,
        until: 'plan',
        stopAt: ({ event }) => {
          const isNotice = event.type === 'model.retried' || event.type === 'run.failed';
          if (isNotice && Number.isNaN(noticedMs)) noticedMs = monotonicMs();
          return isNotice;
        },
      });
      const [request] = await mock.take();
      if (request === undefined) throw new Error('no model was asked');
      const value = (noticedMs - request.receivedMs) / 1000;
      // The limit itself is a minute; a second more is the machine's.
      return [{ name: 'silence.noticed', value, unit: 's', target: 61, note: 'request to the event that says so' }];
    } finally {
      await mock.close();
      place.remove();
    }
  },
};
