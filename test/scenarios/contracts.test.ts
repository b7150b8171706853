import assert from 'node:assert/strict';
import {
  endWorkers,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  sampleBrief,
  startWorker,
} from '../durability/place.ts';

/** What a run that ends well must have asked for, whatever else it asks. */
const EXPECTED = {
  github: [
    ...['repos/create-for-authenticated-user', 'repos/get', 'pulls/list', 'pulls/create', 'pulls/merge'],
    ...['checks/list-for-ref', 'repos/get-combined-status-for-ref'],
  ],
  appwrite: [
    ...['tablesDBCreate', 'tablesDBCreateTable', 'functionsCreate', 'functionsCreateVariable'],
    ...['functionsCreateDeployment', 'functionsGetDeployment', 'proxyListRules', 'sitesCreate'],
    ...['sitesCreateDeployment', 'sitesGetDeployment'],
    // These come from the function that the sample deploys, which is another process.
    ...['tablesDBCreateRow', 'tablesDBListRows'],
  ],
};

describe('a whole run', function () {
  this.timeout(120_000);
  let outside: Outside;
  let place: Place;
  before(async () => {
    outside = await openOutside();
    place = makePlace();
  });
  after(async () => {
    await endWorkers();
    await outside.close();
    place.remove();
  });

  it('asks both vendors only for what they describe, and is answered as they describe', async () => {
    const worker = startWorker(place, outside, { brief: sampleBrief(2) });
    const { view } = await worker.said('settled');
    await worker.ended;
    assert.deepEqual([view.status, view.error], ['complete', null]);
    for (const vendor of ['github', 'appwrite'] as const) {
      await outside.traffic[vendor].assertClean();
      const seen = await outside.traffic[vendor].operations();
      assert.deepEqual(
        EXPECTED[vendor].filter((operation) => !seen.includes(operation)),
        [],
        `missing among ${seen.join(', ')}`,
      );
    }
  });
});
