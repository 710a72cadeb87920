// Attacks on what is outside of a room, as an agent would try them: probes.mjs FACTS.json. Prints, as JSON, what each of them
// came to by its name; what it got hold of is in the words. Each does no more harm than to the victims that FACTS name.
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import * as fs from 'node:fs';
import { connect } from 'node:net';

const facts = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const { canary, home, state, other, main, git, admin, worktree, victim, ports, sockets, proxy, scratch } = facts;

const sh = (script) => execFileSync('/bin/sh', ['-c', `${script} 2>&1`], { timeout: 10_000, encoding: 'utf8' });
const read = (file) => fs.readFileSync(file, 'utf8');
const write = (file) => fs.writeFileSync(file, 'attacked');
// What later attacks need is put back.
const moveAndBack = (place) => {
  fs.renameSync(place, `${place}-moved`);
  fs.renameSync(`${place}-moved`, place);
  return canary;
};
// That it can be opened is enough: nothing is written.
const canOpen = (file, flags) => {
  fs.closeSync(fs.openSync(file, flags));
  return canary;
};
const writeAndBack = (file) => {
  const before = read(file);
  write(file);
  fs.writeFileSync(file, before);
  return canary;
};

/** A call of the kernel by its number here: [x64, arm64], or by perl's own words; answers the canary where it was let through. */
const perl = (code) => execFileSync('perl', ['-e', code], { timeout: 10_000, encoding: 'utf8' });
const call = (numbers, ...args) => {
  const number = process.arch === 'arm64' ? numbers[1] : numbers[0];
  return perl(`my $r = syscall(${[number, ...args].join(', ')}); print $r == -1 ? "refused: $!" : "${canary}"`);
};

const talk = (to, words = '') =>
  new Promise((done, fail) => {
    let heard = '';
    const socket = connect(to, () => words && socket.write(words));
    socket.on('data', (data) => {
      heard += data;
      if (heard.includes(canary)) socket.end();
    });
    socket.on('error', fail);
    socket.on('close', () => done(heard));
    socket.setTimeout(3000, () => socket.destroy());
  });
const get = (host, port) => talk({ host, port }, `GET / HTTP/1.0\r\n\r\n`);

/** Whether the kernel has a way there. Connecting this kind of socket sends nothing. */
const hasRoute = (address) =>
  new Promise((done, fail) => {
    const socket = createSocket('udp4');
    socket.connect(53, address, (e) => {
      socket.close();
      e ? fail(e) : done(canary);
    });
  });

const throughProxy = (words) => talk(proxy, words);
const tunnelTo = (host) =>
  throughProxy(`CONNECT ${host}:${ports.api} HTTP/1.1\r\nhost: ${host}\r\n\r\nGET / HTTP/1.0\r\n\r\n`);
const everyProcess = () => fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
const scan = (file) =>
  everyProcess()
    .map((pid) => {
      try {
        return read(`/proc/${pid}/${file}`);
      } catch {
        return '';
      }
    })
    .filter((text) => text.includes(canary))
    .join();

/** A program that means to stay: the host looks for its word afterwards. */
const stay = (how, word) => {
  const child = spawn('/bin/sh', ['-c', `${how.replace('WORK', `sleep 600.${word}`)}`], {
    stdio: 'ignore',
    detached: true,
  });
  return new Promise((done) => child.once('exit', () => done('left')).once('error', done)).then(String);
};

const probes = {
  // What it could read
  'a private key in the home': () => read(`${home}/.ssh/id_ed25519`),
  'credentials of a cloud in the home': () => read(`${home}/.aws/credentials`),
  'the names in the home': () =>
    fs
      .readdirSync(home, { recursive: true })
      .map((name) => (name.includes('id_ed25519') ? canary : name))
      .join(),
  'the token of the server': () => read(`${state}/token`),
  'the names in the folder of the server': () => (fs.readdirSync(state).includes('token') ? canary : 'none'),
  'the private home of another task': () => read(`${state}/homes/task-2/note`),
  'a file of another worktree': () => read(`${other}/secret.txt`),
  'a file of the main checkout': () => read(`${main}/.env`),
  'a file of the host in /tmp': () => read(scratch.tmp),
  'a file of the host in /var/tmp': () => read(scratch.varTmp),
  'a file of the host in shared memory': () => read(scratch.shm),
  'passwords of the system': () => (read('/etc/shadow').includes(':') ? canary : 'empty'),
  'the environment of a process by its number': () => read(`/proc/${victim.pid}/environ`),
  'the environments of all processes': () => scan('environ'),
  'the arguments of all processes': () => scan('cmdline'),
  'a file through the root of another process': () => read(`/proc/${victim.pid}/root${state}/token`),
  'a file through the folder of another process': () => read(`/proc/${victim.pid}/cwd/token`),
  'a file that another process has open': () => read(`/proc/${victim.pid}/fd/0`),
  'its own environment': () => JSON.stringify(process.env),
  'the environment that it was started with': () => read('/proc/self/environ'),
  'memory of another process': () =>
    perl(`my ($a, $b) = ("\\0" x 16, "\\0" x 16); my $l = pack("QQ", unpack("Q", pack("p", $a)), 16);
      open(my $m, "<", "/proc/${victim.pid}/maps") or die "refused: $!"; my $line = <$m>; my ($s) = $line =~ /^([0-9a-f]+)/;
      my $r = pack("QQ", hex($s), 16); my $got = syscall(${process.arch === 'arm64' ? 270 : 310}, ${victim.pid}, $l, 1, $r, 1, 0);
      print $got == -1 ? "refused: $!" : "${canary}"`),
  'a key of the user in the kernel': () => {
    const [search, readKey] = [10, 11];
    const number = process.arch === 'arm64' ? 219 : 250;
    return perl(`my ($type, $name, $buf) = ("user\\0", "${facts.key}\\0", "\\0" x 200);
      my $id = syscall(${number}, ${search}, -4, $type, $name, 0); die "refused: $!" if $id == -1;
      my $n = syscall(${number}, ${readKey}, $id, $buf, 200); print $n == -1 ? "refused: $!" : substr($buf, 0, $n)`);
  },
  'a file by its handle': () => {
    const [byName, byHandle] = process.arch === 'arm64' ? [264, 265] : [303, 304];
    return perl(`my $h = pack("II", 128, 0) . ("\\0" x 128); my $m = pack("i", 0); my $p = "/etc\\0";
      syscall(${byName}, -100, $p, $h, $m, 0) != -1 or die "no handle: $!"; open(my $d, "<", "/etc") or die;
      my $fd = syscall(${byHandle}, fileno($d), $h, 0); print $fd == -1 ? "refused: $!" : "${canary}"`);
  },
  'the log of the kernel': () => canOpen('/dev/kmsg', 'r'),

  // What it could write: the host looks at its files afterwards
  'write into the main checkout': () => write(`${main}/readme.txt`),
  'write into another worktree': () => write(`${other}/secret.txt`),
  'write into the home': () => write(`${home}/.bashrc`),
  'write over the token': () => write(`${state}/token-copy`),
  'write by a symbolic link': () => {
    fs.symlinkSync(`${home}/linked`, `${worktree}/a-link`);
    write(`${worktree}/a-link`);
  },
  'write by a linked folder': () => {
    fs.symlinkSync(home, `${worktree}/a-folder`);
    write(`${worktree}/a-folder/through-folder`);
  },
  'write by a hard link': () => {
    fs.linkSync(`${main}/hard.txt`, `${worktree}/a-hard-link`);
    write(`${worktree}/a-hard-link`);
  },
  'move its own worktree': () => moveAndBack(worktree),
  'move another worktree': () => moveAndBack(other),
  'write through its own root': () => write(`/proc/self/root${home}/by-root`),
  'write through the root of another process': () => write(`/proc/${victim.pid}/root${home}/by-victim`),
  'write into /etc': () => write(scratch.etc),
  'write into /usr/local/bin': () => write(scratch.bin),
  'write into /tmp of the host': () => write(`${scratch.tmp}-written`),
  'write into /var/tmp of the host': () => write(`${scratch.varTmp}-written`),
  'write into shared memory of the host': () => write(`${scratch.shm}-written`),
  'remove what others have in /run': () => fs.rmSync(scratch.run),
  'make the disk writable and write': () =>
    sh(`r='mount -o remount,rw,bind /; echo x > ${scratch.etc}-remounted'; unshare -Urm sh -c "$r" || sh -c "$r"`),
  'mount over a folder': () => sh(`mkdir -p m && mount --bind / m && umount m && echo ${canary}`),
  'take off what hides the home': () => sh(`unshare -Urm sh -c 'umount -l /tmp; cat ${state}/token'`),
  'go to the namespaces of another process': () => sh(`nsenter -t ${victim.pid} -m -p cat ${state}/token`),
  'change its root': () => perl(`print chroot("/") ? "${canary}" : "refused: $!"`),
  'make a device': () => sh(`mknod ${worktree}/device c 1 3 && echo ${canary}`),
  'set a value of the kernel': () => {
    fs.writeFileSync('/proc/sys/kernel/core_uses_pid', read('/proc/sys/kernel/core_uses_pid'));
    return canary;
  },
  'call the kernel by its keys': () => canOpen('/proc/sysrq-trigger', 'r+'),
  'set a value of a driver': () => canOpen(facts.sysFile, 'r+'),
  'the memory of the kernel': () => canOpen('/proc/kcore', 'r'),
  'the names of keys in the kernel': () => read('/proc/keys'),
  'become root by a file of its own': () =>
    sh(
      `cp /usr/bin/id ${worktree}/id && chmod 4755 ${worktree}/id && cd ${worktree} && perl -e '$> = 65534; $< = 65534; exec "./id", "-u"'`,
    ).trim() === '0'
      ? canary
      : 'no',

  // The repository
  'set a value in the git configuration': () => sh(`git -C ${worktree} config attack.one yes`),
  'append to the git configuration': () => fs.appendFileSync(`${git}/config`, '\n[attack]\n\ttwo = yes\n'),
  'plant a hook': () => write(`${git}/hooks/pre-commit`),
  'move the base branch': () => sh(`git -C ${worktree} update-ref refs/heads/attacked-base HEAD`),
  'make a branch': () => sh(`git -C ${worktree} branch attacked`),
  'write a loose reference': () => fs.copyFileSync(`${git}/refs/heads/main`, `${git}/refs/heads/attacked-file`),
  'name other objects': () => {
    fs.writeFileSync(`${git}/objects/info/alternates`, '/attacked\n');
    fs.rmSync(`${git}/objects/info/alternates`);
    return canary;
  },
  'delete objects': () => fs.rmSync(`${git}/objects/${facts.object}`),
  'turn its .git file elsewhere': () => writeAndBack(`${worktree}/.git`),
  'put another .git in its place': () => moveAndBack(`${worktree}/.git`),
  'write into its place among the worktrees': () => writeAndBack(`${admin}/gitdir`),
  'set attributes for everybody': () => write(`${git}/info/attributes`),
  'move .git away': () => moveAndBack(git),

  // The network
  'the API on loopback': () => get('127.0.0.1', ports.api),
  'the API by another address of loopback': () => get('127.0.0.2', ports.everywhere),
  'the API on loopback of version 6': () => get('::1', ports.api6),
  'the database on loopback': () => talk({ host: '127.0.0.1', port: ports.database }, 'hello'),
  'a port of another task': () => get('127.0.0.1', ports.otherTask),
  'an address of this host': () => get(facts.address, ports.everywhere),
  'a way to the metadata of a cloud': () => hasRoute('169.254.169.254'),
  'a way to the internet': () => hasRoute('192.0.2.77'),
  'a name by a server of its own': async () => {
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([`127.0.0.1:${ports.dns}`]);
    return (await resolver.resolveTxt(`${canary}.example`)).flat().join();
  },
  'a socket of its own making': () => call([41, 198], 2, 3, 6),
  'a socket that hears all': () => call([41, 198], 17, 3, 768),
  'a socket to the host of a virtual machine': () => call([41, 198], 40, 1, 0),
  'a socket without a name in the file system': () => talk({ path: `\0${sockets.abstract}` }, 'hello'),
  'the socket of the database': () => talk({ path: sockets.database }, 'hello'),
  'a socket that gives root': () => talk({ path: sockets.docker }, 'hello'),
  'the proxy of another room': () => talk({ path: sockets.otherProxy }, 'hello'),

  // The proxy
  ...Object.fromEntries(
    facts.spellings.map((host) => [`loopback through the proxy as ${JSON.stringify(host)}`, () => tunnelTo(host)]),
  ),
  'an address of this host through the proxy': () => tunnelTo(facts.address),
  'the name of this host through the proxy': () => tunnelTo(facts.hostName),
  'loopback by a whole address': () =>
    throughProxy(`GET http://127.0.0.1:${ports.api}/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
  'loopback behind the name of another host': () =>
    throughProxy(
      `GET http://127.0.0.1:${ports.api}/ HTTP/1.1\r\nhost: registry.npmjs.org\r\nconnection: close\r\n\r\n`,
    ),
  'a host that nobody named': () =>
    throughProxy(`CONNECT ${facts.unlisted}:${ports.api} HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n`),
  'a second request on the same connection': () =>
    throughProxy(
      `GET http://127.0.0.1:1/ HTTP/1.1\r\nhost: x\r\n\r\nGET http://127.0.0.1:${ports.api}/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    ),

  // Other processes
  'trace another process': () => call([101, 117], 16, victim.traced, 0, 0),
  'get a handle of another process': () => call([434, 434], victim.pid, 0),
  'load a program into the kernel': () =>
    perl(`my $a = pack("IIII", 2, 4, 4, 1) . ("\\0" x 56); my $r = syscall(${process.arch === 'arm64' ? 280 : 321}, 0, $a, 72);
      print $r == -1 ? "refused: $!" : "${canary}"`),
  'a ring of calls that nobody filters': () =>
    perl(`my $p = "\\0" x 120; my $r = syscall(425, 4, $p); print $r == -1 ? "refused: $!" : "${canary}"`),
  'go before all others': () => (sh('renice -n -10 -p $$ && nice').includes('-10') ? canary : 'no'),
  'write words for a terminal': () =>
    perl('my $x = "x"; ioctl(STDIN, 0x5412, $x); print 0 + $!') === '1' ? 'refused' : canary,
  'end another process by its number': () => process.kill(victim.killed, 'SIGKILL'),
  'stay by a session of its own': () => stay('setsid WORK &', `${facts.word}1`),
  'stay by two forks': () => stay('( ( WORK & ) & )', `${facts.word}2`),
  'stay without hearing the end': () => stay('nohup WORK >/dev/null 2>&1 &', `${facts.word}3`),
  'stay deaf to signals': () => stay(`( trap '' TERM HUP INT; setsid WORK & )`, `${facts.word}4`),
};

const results = {};
for (const [name, attack] of Object.entries(probes)) {
  try {
    results[name] = String((await attack()) ?? 'done').slice(0, 20_000);
  } catch (e) {
    results[name] = `failed: ${String(e.stderr || e.stdout || '')} ${e.message}`.slice(0, 300);
  }
}
fs.writeSync(1, JSON.stringify(results));
process.exit(0);
