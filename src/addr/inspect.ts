// The symbol under which console.log looks for a value's own text. Registered, so that nothing of node:util is imported.

/** `util.inspect.custom`. */
export const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom');
