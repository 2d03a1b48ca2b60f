/** The injection token of the hash of the operator's key, when the settings give one: it then works without the database. */
export const OPERATOR_KEY_HASH = Symbol('OperatorKeyHash');
