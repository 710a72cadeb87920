// What bench/log-viewer.ts measures inside of the page; put there before anything of the page runs.
const nextFrame = () => new Promise((done) => requestAnimationFrame(done));

globalThis.measure = {
  async frames(ms) {
    const gaps = [];
    const begun = performance.now();
    for (let last = begun; last - begun < ms; ) {
      const now = await nextFrame();
      gaps.push(now - last);
      last = now;
    }
    gaps.sort((a, b) => a - b);
    return {
      perSecond: (gaps.length * 1000) / (performance.now() - begun),
      p99Ms: gaps[Math.floor(gaps.length * 0.99)],
    };
  },

  lastShown: () => Number([...document.querySelectorAll('.log-number')].at(-1).textContent.replaceAll(',', '')),

  /** The least that showing a stream costs: each line parsed, the last ones as text, once a frame. */
  bareStream(taskId, after) {
    const text = document.createElement('pre');
    document.body.replaceChildren(text);
    let shown = [];
    let isDue = false;
    const show = () => {
      isDue = false;
      text.textContent = shown.join('\n');
    };
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/streams`);
    socket.onopen = () => socket.send(JSON.stringify({ follow: 'log', logs: { taskId, after } }));
    socket.onmessage = ({ data }) => {
      const { lines } = JSON.parse(data);
      shown = [...shown, ...lines.map(({ seq, message }) => `${seq} ${message}`)].slice(-40);
      if (!isDue) requestAnimationFrame(show);
      isDue = true;
    };
  },

  /** From the scroll bar let go of until every line of the view is there; and as many lines by a request alone, in turns. */
  async jumps(taskId, count) {
    const list = document.querySelector('.log');
    const times = { jump: [], request: [] };
    const firstRow = () => document.querySelector('.log-line').dataset.position;
    for (let turn = 0; turn < count; turn++) {
      let begun = performance.now();
      const offset = Math.floor(Math.random() * 999_000);
      await (await fetch(`/api/logs/${taskId}?offset=${offset}&limit=200`)).json();
      times.request.push(performance.now() - begun);
      const before = firstRow();
      begun = performance.now();
      list.scrollTop = Math.random() * (list.scrollHeight - list.clientHeight);
      do await nextFrame();
      while (firstRow() === before || document.querySelector('.log-line[aria-busy]'));
      times.jump.push(performance.now() - begun);
    }
    return times;
  },
};
