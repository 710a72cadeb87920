/** How a project's tests are run: what sentra.json says, else what the project's own files say. */
import { findFile, findPackageJson, findText } from '#src/environment/manifest.ts';
import { nodeManager } from '#src/environment/package-manager.ts';

/** A command for the shell; undefined when the project has no tests that we can see. */
export async function detectTestCommand(
  worktreePath: string,
  configured?: string | { command?: string | undefined },
): Promise<string | undefined> {
  const command = typeof configured === 'string' ? configured : configured?.command;
  if (command !== undefined) return command;
  return (await nodeTests(worktreePath)) ?? (await pythonTests(worktreePath)) ?? otherTests(worktreePath);
}

async function nodeTests(worktreePath: string): Promise<string | undefined> {
  const manifest = await findPackageJson(worktreePath);
  const script = manifest?.scripts?.test;
  if (!manifest || script === undefined || /no test specified/.test(script)) return undefined;
  const { manager } = await nodeManager(worktreePath, manifest);
  return manager === 'bun' ? 'bun run test' : `${manager} test`;
}

const pytestMarks: readonly [string, RegExp][] = [
  ['pyproject.toml', /^\[tool\.pytest/m],
  ['setup.cfg', /^\[tool:pytest\]/m],
  ['tox.ini', /^\[pytest\]/m],
];

async function pythonTests(worktreePath: string): Promise<string | undefined> {
  if (!(await isPytestConfigured(worktreePath))) return undefined;
  if (await findFile(worktreePath, ['.venv/bin/python'])) return '.venv/bin/python -m pytest';
  if (await findFile(worktreePath, ['uv.lock'])) return 'uv run --frozen pytest';
  if (await findFile(worktreePath, ['poetry.lock'])) return 'poetry run pytest';
  return 'python3 -m pytest';
}

async function isPytestConfigured(worktreePath: string): Promise<boolean> {
  if (await findFile(worktreePath, ['pytest.ini', 'conftest.py', 'tests/conftest.py'])) return true;
  for (const [name, mark] of pytestMarks) if (mark.test((await findText(worktreePath, name)) ?? '')) return true;
  return false;
}

async function otherTests(worktreePath: string): Promise<string | undefined> {
  const files = ['go.mod', 'Cargo.toml', 'pom.xml', 'build.gradle', 'build.gradle.kts'];
  const file = await findFile(worktreePath, files);
  const hasWrapper = async (name: string) => (await findFile(worktreePath, [name])) !== undefined;
  if (file === 'go.mod') return 'go test ./...';
  if (file === 'Cargo.toml') return 'cargo test';
  if (file === 'pom.xml') return (await hasWrapper('mvnw')) ? './mvnw -B test' : 'mvn -B test';
  if (file === undefined) return undefined;
  return (await hasWrapper('gradlew')) ? './gradlew test' : 'gradle test';
}
