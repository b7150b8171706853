import { tmpdir } from 'node:os';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { repositoryContract } from './repository.ts';

describe('the git adapter as a Repository', () => {
  repositoryContract(() => createRepository({ tempDir: tmpdir }));
});
