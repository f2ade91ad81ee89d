import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeMachine, fakes } from './fake-programs.ts';

// `npm run image -- --prebuilt`: where base images cannot be pulled, this machine's cargo builds the program.

const tag = 'eks-jobs.local/data-processor:local';
const storage = '--storage-driver vfs --root TEMP/storage --runroot TEMP/run';
let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine({ buildah: fakes.buildah });
  machine.installRust();
});
afterEach(() => {
  expect(machine.leftBehind).toEqual([]);
  machine.remove();
});

const archive = (): string => machine.path('image.tar');

/** The image needs a program for Linux, so on other systems there is only one test. */
const onLinux = process.platform === 'linux';

if (!onLinux) {
  test('is rejected', async () => {
    expect((await machine.image('--prebuilt')).errors).toContain('the image needs one for Linux');
  });
} else
  describe('--prebuilt', () => {
    test('puts program and certificates in place of the build stage', async () => {
      const { code, errors } = await machine.image('--prebuilt');
      expect(code).toBe(0);
      expect(errors).toContain('data-processor');
      expect(errors).toContain('ca-certificates.crt');
      expect(machine.calls.slice(1)).toEqual([
        `buildah build --tag ${tag} --build-context build=TEMP/stage FOLDER`,
      ]);
    });

    // The tests of a cluster and every --load need it: without a change it must cost nothing.
    test('makes an archive once, and again for another name or compiler', async () => {
      for (let round = 0; round < 2; round += 1) {
        expect(await machine.image('--prebuilt', '--output', archive())).toMatchObject({ code: 0 });
        expect(machine.has('image.tar')).toBe(true);
        expect(machine.calls.slice(1)).toEqual([
          `buildah ${storage} build --tag ${tag} --build-context build=TEMP/stage FOLDER`,
          `buildah ${storage} push ${tag} docker-archive:TEMP/image.tar:${tag}`,
        ]);
      }
      await machine.image('--prebuilt', '--output', archive(), '--tag', 'other:1');
      expect(machine.calls).toHaveLength(6);
      // Another compiler makes another program.
      machine.install('rustc', 'echo newer');
      await machine.image('--prebuilt', '--output', archive());
      expect(machine.calls).toHaveLength(9);
    });

    test('keeps no archive of a build that failed', async () => {
      machine.install('buildah', `${fakes.buildah}\ncase "$*" in *' push '*) exit 1;; esac`);
      expect(await machine.image('--prebuilt', '--output', archive())).toMatchObject({ code: 1 });
      machine.install('buildah', fakes.buildah);
      expect(await machine.image('--prebuilt', '--output', archive())).toMatchObject({ code: 0 });
      expect(machine.calls.filter((call) => call.includes(' push '))).toHaveLength(2);
    });

    // Both would have no effect: the program is this machine's, and the stage is replaced.
    test.each([
      ['--platform', 'linux/arm64'],
      ['--build-context', 'build=x'],
    ])('does not go with %s', async (option, value) => {
      const { code, errors } = await machine.image('--prebuilt', option, value);
      expect(code).toBe(1);
      expect(errors).toContain('do not go with it');
      expect(machine.calls).toEqual([]);
    });

    test('fails when cargo built other programs only', async () => {
      machine.installRust({ built: false });
      const { code, errors } = await machine.image('--prebuilt');
      expect(code).toBe(1);
      expect(errors).toContain('cargo built no executable named data-processor');
    });

    test('reports that Rust is missing', async () => {
      machine = replace(machine, new FakeMachine({ buildah: fakes.buildah }));
      const { code, errors } = await machine.image('--prebuilt', '--output', archive());
      expect(code).toBe(1);
      expect(errors).toContain('https://rustup.rs');
    });
  });

function replace(old: FakeMachine, other: FakeMachine): FakeMachine {
  old.remove();
  return other;
}
