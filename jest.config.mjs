// Native ESM, because middy 7 does not have a CommonJS build. Run with `node --experimental-vm-modules`; see tests/run.ts.
export default {
  testEnvironment: 'node',
  // Generous: a slow machine is not a failure. Tests wait for conditions; they never sleep.
  testTimeout: 120_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/target/'],
  modulePathIgnorePatterns: ['<rootDir>/.serverless/', '<rootDir>/.esbuild/', '<rootDir>/.local/'],
};
