/** The hosts that the usual package managers fetch from: what agents, installs and dev servers reach without being told. */
const byStack = {
  'npm, pnpm, bun, Yarn': ['registry.npmjs.org', 'registry.yarnpkg.com', 'repo.yarnpkg.com', 'npm.jsr.io', 'jsr.io'],
  'Node.js itself, for native modules': ['nodejs.org'],
  'pip, uv, Poetry': ['pypi.org', 'files.pythonhosted.org'],
  Cargo: ['index.crates.io', 'static.crates.io', 'crates.io'],
  Go: ['proxy.golang.org', 'sum.golang.org'],
  'Maven, Gradle': [
    ...['repo.maven.apache.org', 'repo1.maven.org', 'plugins.gradle.org', 'plugins-artifacts.gradle.org'],
    ...['services.gradle.org', 'downloads.gradle.org', 'dl.google.com', 'maven.google.com'],
  ],
  Bundler: ['rubygems.org', 'index.rubygems.org'],
  Composer: ['packagist.org', 'repo.packagist.org'],
  NuGet: ['api.nuget.org'],
  'Hex, Pub': ['repo.hex.pm', 'hex.pm', 'builds.hex.pm', 'pub.dev'],
} as const;

export const registryHosts: readonly string[] = Object.values(byStack).flat();
