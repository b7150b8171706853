import { useProxy } from '../app/proxy.ts';
import { AppError, toAppError } from '../protocol/errors.ts';
import { createPeer } from '../protocol/peer.ts';
import { createService } from './service.ts';

/**
 * The orchestrator process of an editor window, started with an IPC channel. It ends with its window: when the channel closes it
 * stops executing (runs stay resumable) and exits.
 */
const CLOSE_LIMIT_MS = 5_000;

const send = process.send?.bind(process);
if (send === undefined) {
  process.stderr.write('This program is started by the extension, with an IPC channel.\n');
  process.exit(2);
}

/** A bad address of a proxy fails every call, so that the window shows what is wrong. */
const proxied = useProxy(process.env);
proxied.catch(() => undefined);

const peer = createPeer({
  send: (frame) => {
    if (process.connected) send(frame);
  },
  handle: async (method, params, context) => {
    await proxied;
    return service.handle(method, params, context);
  },
  onBadFrame: (why) => process.stderr.write(`bad frame: ${why}\n`),
});
const service = createService(peer);

process.on('message', (frame) => peer.receive(frame));
process.once('disconnect', () => void end());
process.once('SIGTERM', () => void end());

async function end(): Promise<void> {
  peer.close(new AppError({ code: 'aborted', message: 'the window has gone', userMessage: 'The window was closed.' }));
  // A step that does not heed its signal must not keep the process: what it did not record is done again.
  setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref();
  try {
    await service.close();
    process.exit(0);
  } catch (thrown) {
    process.stderr.write(`${toAppError(thrown).message}\n`);
    process.exit(1);
  }
}
