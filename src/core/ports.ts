/** What the core needs from the world. Every method that waits takes a signal; every failure is an AppError. */

export type * from './ports/commands.ts';
export type * from './ports/deployer.ts';
export type * from './ports/forge.ts';
export type * from './ports/models.ts';
export type * from './ports/outside.ts';
export type * from './ports/repository.ts';
export type * from './ports/small.ts';
