// Native ESM: middy 7 has no CommonJS build. Run through `node --experimental-vm-modules`, see tests/run.ts.
export default {
  testEnvironment: 'node',
  // Generous: a slow machine is no failure. What must happen is awaited, never slept for.
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
