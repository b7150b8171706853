/** The login that the first tokens of the stand-in belong to. */
export const USER_LOGIN = 'local-developer';
