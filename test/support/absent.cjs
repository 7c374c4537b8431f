// Makes Node find no package with $ABSENT in its name, as if it had not been installed.
const Module = require('node:module');

const resolve = Module._resolveFilename;
Module._resolveFilename = function resolveFilename(name, ...rest) {
  if (!name.includes(process.env.ABSENT)) return resolve.call(this, name, ...rest);
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
};
