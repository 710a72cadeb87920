/** Hostile projects for package managers other than npm, which is in life.test.ts. A trick that replaces the whole program is a project of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ManagerName } from '../helpers/managers.ts';

type Places = { worktreePath: string };

export type Trick = {
  name: string;
  manager: ManagerName | 'pip' | 'cargo' | 'maven';
  /** Commands that succeed where its programs are there; of no use for those that we fetch. */
  needs?: string[];
  /** What `strike.sh` is called with by what is planted. */
  plants: string[];
  files(places: Places): Record<string, string | Buffer>;
  /** What is run after the install, as a test would be. */
  afterwards?: string;
};

const json = (value: object): string => JSON.stringify(value);
const hooks = ['preinstall', 'install', 'postinstall', 'prepare'];
const scripts = Object.fromEntries(hooks.map((name) => [name, `./strike.sh ${name}`]));
const manifest = (more: object = {}): string => json({ name: 'x', version: '1.0.0', scripts, ...more });

const { dependencies } = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../managers/package.json'), 'utf8'),
);
/** As a manifest names the one that we fetched: the real ones fetch any other. */
const named = (manager: ManagerName): string =>
  `${manager.split(' ')[0]}@${dependencies[manager === 'yarn 1' ? 'yarn' : manager.replace(' ', '-')].split('@').at(-1)}`;
const dependency = {
  'dep/package.json': json({
    name: 'dep',
    version: '1.0.0',
    scripts: { postinstall: 'sh "$INIT_CWD/strike.sh" dependency' },
  }),
};
const struckFrom = (root: string, name: string): string =>
  `require('node:child_process').spawnSync('${root}/strike.sh', ['${name}'], { env: { ...process.env, NODE_OPTIONS: '' } });\n`;
const shell = (root: string) => `#!/bin/sh\n"${root}/strike.sh" script-shell\nexec /bin/sh "$@"\n`;

const nodeTricks: Trick[] = [
  ...(['pnpm', 'pnpm 10'] as const).map(
    (manager): Trick => ({
      name: `${manager}: scripts, a shell for them, a pnpmfile`,
      manager,
      plants: [...hooks, 'dependency', 'script-shell', 'pnpmfile'],
      files: ({ worktreePath }) => ({
        ...dependency,
        'package.json': manifest({ packageManager: named(manager), dependencies: { dep: 'file:dep' } }),
        'pnpm-workspace.yaml': `dangerouslyAllowAllBuilds: true\nscriptShell: ${worktreePath}/evil-shell.sh\n`,
        '.npmrc': `script-shell=${worktreePath}/evil-shell.sh\n`,
        'evil-shell.sh': shell(worktreePath),
        '.pnpmfile.cjs': `${struckFrom(worktreePath, 'pnpmfile')}module.exports = { hooks: {} };\n`,
      }),
    }),
  ),
  {
    name: 'yarn 1: scripts and a shell for them',
    manager: 'yarn 1',
    plants: [...hooks, 'dependency', 'script-shell'],
    files: ({ worktreePath }) => ({
      ...dependency,
      'package.json': manifest({ packageManager: named('yarn 1'), dependencies: { dep: 'file:./dep' } }),
      '.yarnrc': `script-shell "${worktreePath}/evil-shell.sh"\nignore-scripts false\n`,
      'evil-shell.sh': shell(worktreePath),
    }),
    afterwards: 'yarn run install',
  },
  {
    name: 'yarn 1: another program in its place',
    manager: 'yarn 1',
    plants: ['yarn-path'],
    files: ({ worktreePath }) => ({
      'package.json': manifest({ packageManager: named('yarn 1') }),
      '.yarnrc': 'yarn-path "./evil.cjs"\n',
      'evil.cjs': struckFrom(worktreePath, 'yarn-path'),
    }),
  },
  {
    name: 'yarn 4: scripts and plugins',
    manager: 'yarn 4',
    plants: ['preinstall', 'install', 'postinstall', 'dependency', 'plugin'],
    files: ({ worktreePath }) => ({
      ...dependency,
      'package.json': manifest({ packageManager: named('yarn 4'), dependencies: { dep: 'file:./dep' } }),
      '.yarnrc.yml':
        'nodeLinker: node-modules\nenableScripts: true\nenableImmutableInstalls: false\nplugins:\n  - ./plugin.cjs\n',
      'plugin.cjs': `${struckFrom(worktreePath, 'plugin')}module.exports = { name: 'plugin-evil', factory: () => ({}) };\n`,
    }),
  },
  {
    name: 'yarn 4: another program in its place',
    manager: 'yarn 4',
    plants: ['yarnPath'],
    files: ({ worktreePath }) => ({
      'package.json': manifest({ packageManager: named('yarn 4') }),
      '.yarnrc.yml': 'yarnPath: ./evil.cjs\n',
      'evil.cjs': struckFrom(worktreePath, 'yarnPath'),
    }),
  },
  {
    name: 'bun: scripts, and what its settings load first',
    manager: 'bun',
    plants: [...hooks, 'dependency', 'preload'],
    files: ({ worktreePath }) => ({
      ...dependency,
      'package.json': manifest({
        packageManager: named('bun'),
        dependencies: { dep: 'file:./dep' },
        trustedDependencies: ['dep'],
      }),
      'bunfig.toml': 'preload = ["./preload.cjs"]\n[test]\npreload = ["./preload.cjs"]\n',
      'preload.cjs': struckFrom(worktreePath, 'preload'),
      'x.test.js': 'require("bun:test").test("x", () => {});\n',
    }),
    afterwards: 'bun test',
  },
];

const pythonStrike = (root: string, name: string) =>
  `import subprocess; subprocess.call(["${root}/strike.sh", "${name}"])\n`;

const setupTrick: Trick = {
  name: 'pip: a setup.py, and settings that let it run',
  manager: 'pip',
  // From 3.12 on an environment comes without setuptools, and pip would fetch it.
  needs: [
    'python3 -m venv --help',
    'python3 -m pip --version',
    "python3 -c 'import sys; assert sys.version_info < (3, 12)'",
  ],
  plants: ['setup.py'],
  files: ({ worktreePath }) => ({
    'requirements.txt': './pkg\n',
    '.venv/pip.conf': '[global]\nno-build-isolation = false\n', // which is how pip spells yes
    'pkg/setup.py': `${pythonStrike(worktreePath, 'setup.py')}from setuptools import setup\nsetup(name="pkg", version="1.0")\n`,
  }),
};

const pipTrick: Trick = {
  name: 'pip: a build backend of its own, and what the environment loads first',
  manager: 'pip',
  needs: ['python3 -m venv --help', 'python3 -m pip --version'],
  plants: ['backend', 'build', 'pth'],
  files: ({ worktreePath }) => {
    const asked = ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'];
    const version = execFileSync('python3', asked, { encoding: 'utf8' }).trim();
    const strike = (name: string) => pythonStrike(worktreePath, name);
    return {
      'requirements.txt': './pkg\n',
      'pkg/pyproject.toml':
        '[build-system]\nrequires = []\nbuild-backend = "evil"\nbackend-path = ["."]\n[project]\nname = "pkg"\nversion = "1.0"\n',
      'pkg/evil.py': `${strike('backend')}def build_wheel(*_, **__):\n    ${strike('build')}    raise SystemExit(1)\n`,
      [`.venv/lib/python${version}/site-packages/evil.pth`]: strike('pth'),
    };
  },
};

const crate = '[package]\nname = "x"\nversion = "1.0.0"\nedition = "2021"\nbuild = "build.rs"\n';
const rustStrike = (root: string, name: string) =>
  `std::process::Command::new("${root}/strike.sh").arg("${name}").status().unwrap();`;

const cargoTricks: Trick[] = [
  {
    name: 'cargo: a build script, a wrapper of the compiler, a linker, a runner',
    manager: 'cargo',
    needs: ['cargo --version', 'cc --version'],
    plants: ['build.rs', 'rustc-wrapper', 'linker', 'runner'],
    files: ({ worktreePath }) => ({
      'Cargo.toml': crate,
      'Cargo.lock': 'version = 3\n\n[[package]]\nname = "x"\nversion = "1.0.0"\n',
      'build.rs': `fn main() { ${rustStrike(worktreePath, 'build.rs')} }\n`,
      'src/main.rs': 'fn main() {}\n',
      '.cargo/config.toml': `[build]\nrustc-wrapper = "${worktreePath}/wrapper.sh"\n[target.'cfg(all())']\nlinker = "${worktreePath}/linker.sh"\nrunner = "${worktreePath}/runner.sh"\n`,
      'wrapper.sh': `#!/bin/sh\n${worktreePath}/strike.sh rustc-wrapper\nexec "$@"\n`,
      'linker.sh': `#!/bin/sh\n${worktreePath}/strike.sh linker\nexec cc "$@"\n`,
      'runner.sh': `#!/bin/sh\n${worktreePath}/strike.sh runner\n`,
    }),
    afterwards: 'cargo run --offline',
  },
  {
    name: 'rustup: another toolchain in the place of cargo',
    manager: 'cargo',
    needs: ['cargo --version', 'test -e "$(dirname "$(command -v cargo)")/rustup"'],
    plants: ['toolchain'],
    files: ({ worktreePath }) => ({
      'Cargo.toml': crate,
      'Cargo.lock': 'version = 3\n',
      'rust-toolchain.toml': `[toolchain]\npath = "${worktreePath}/evil"\n`,
      'evil/bin/cargo': `#!/bin/sh\n${worktreePath}/strike.sh toolchain\n`,
      'evil/bin/rustc': '#!/bin/sh\n',
    }),
  },
];

/** A library that strikes when the machine loads it, and when Maven takes it for an extension. */
function makeJar(): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'sentra-jar-'));
  const strike = (name: string) => `new ProcessBuilder("./strike.sh", "${name}").start().waitFor();`;
  const role = 'org.apache.maven.AbstractMavenLifecycleParticipant';
  const sources = {
    'Agent.java': `public class Agent { public static void premain(String a) throws Exception { ${strike('agent')} } }`,
    'Extension.java': `public class Extension extends ${role} {
  @Override public void afterSessionStart(org.apache.maven.execution.MavenSession s) {
    try { ${strike('extension')} } catch (Exception e) { throw new RuntimeException(e); }
  }
}`,
    manifest: 'Premain-Class: Agent\n',
    'META-INF/plexus/components.xml': `<component-set><components><component><role>${role}</role><role-hint>evil</role-hint><implementation>Extension</implementation></component></components></component-set>`,
  };
  try {
    for (const [name, text] of Object.entries(sources)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    execFileSync('javac', ['-cp', '/usr/share/maven/lib/*', 'Agent.java', 'Extension.java'], { cwd: folder });
    execFileSync('jar', ['cfm', 'evil.jar', 'manifest', 'Agent.class', 'Extension.class', 'META-INF'], { cwd: folder });
    return readFileSync(path.join(folder, 'evil.jar'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let made: Buffer | undefined;
const jar = (): Buffer => {
  made ??= makeJar();
  return made;
};

const pom =
  '<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version></project>';

const mavenTricks: Trick[] = [
  {
    name: 'maven: a wrapper of its own',
    manager: 'maven',
    needs: [],
    plants: ['mvnw'],
    files: ({ worktreePath }) => ({ 'pom.xml': pom, mvnw: `#!/bin/sh\n${worktreePath}/strike.sh mvnw\n` }),
  },
  {
    name: 'maven: an extension, and what its machine loads first',
    manager: 'maven',
    needs: ['mvn -v', 'javac -version', 'test -d /usr/share/maven/lib'],
    plants: ['agent', 'extension'],
    files: ({ worktreePath }) => ({
      'pom.xml': pom,
      '.mvn/jvm.config': `-javaagent:${worktreePath}/evil.jar\n`,
      '.mvn/maven.config': `-o\n-Dmaven.ext.class.path=${worktreePath}/evil.jar\n`,
      'evil.jar': jar(),
    }),
  },
  {
    name: 'maven: an extension by its name, out of a repository of its own',
    manager: 'maven',
    needs: ['mvn -v', 'javac -version', 'test -d /usr/share/maven/lib'],
    plants: ['extension'],
    files: ({ worktreePath }) => ({
      'pom.xml': pom,
      '.mvn/extensions.xml':
        '<extensions><extension><groupId>evil</groupId><artifactId>evil</artifactId><version>1</version></extension></extensions>',
      '.mvn/maven.config': `-o\n-Dmaven.repo.local=${worktreePath}/repo\n`,
      'repo/evil/evil/1/evil-1.pom': pom.replaceAll('>x<', '>evil<'),
      'repo/evil/evil/1/evil-1.jar': jar(),
    }),
  },
];

export const tricks: readonly Trick[] = [...nodeTricks, pipTrick, setupTrick, ...cargoTricks, ...mavenTricks];
