import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { registriesOfHost } from '#src/environment/host-registries.ts';
import { makeFolder } from '../helpers/repository.ts';

test('the registries that the user of the host has set are known, by host and port, without what else stands there', () => {
  const home = makeFolder('home');
  writeFileSync(
    path.join(home, '.npmrc'),
    'registry=https://npm.corp.example:8443/all/\n@corp:registry = "http://scoped.corp.example/"\n//npm.corp.example/:_authToken=secret\n',
  );
  writeFileSync(path.join(home, '.yarnrc.yml'), 'npmRegistryServer: "https://yarn.corp.example"\n');
  const env = { GOPROXY: 'https://go.corp.example,direct', PIP_INDEX_URL: 'https://pip.corp.example/simple' };
  const found = registriesOfHost(env, home);
  expect(found).toEqual(
    expect.arrayContaining([
      ...['npm.corp.example:8443', 'scoped.corp.example', 'yarn.corp.example', 'go.corp.example', 'pip.corp.example'],
    ]),
  );
  expect(found.join()).not.toContain('secret');
  expect(registriesOfHost({ GOPROXY: 'off' }, makeFolder('home')).join()).not.toContain('corp.example');
});
