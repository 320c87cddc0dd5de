"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const RATE = data.rate, SECONDS = data.samples / RATE;
  const FADE = 0.008; // s; of equal gains, as the versions are alike
  const AHEAD = 0.03; // s; what is asked for in the past is heard as a click
  const SHORTEST_LOOP = 0.05; // s

  const element = (id) => document.getElementById(id);
  const page = element("page"), slider = element("position");
  const versions = data.versions;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const amplitude = (decibels) => 10 ** (decibels / 20);

  // ---- sounds ------------------------------------------------------------------------------------------------------

  async function decode(encoding, name) {
    const text = element(`sound-${encoding.name}-${name}`).textContent;
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes.buffer);
    // Codecs in frames may add some silence.
    return Array.from({ length: decoded.numberOfChannels }, (_, i) => {
      const channel = new Float32Array(data.samples);
      channel.set(decoded.getChannelData(i).subarray(0, data.samples));
      return channel;
    });
  }

  const difference = ([minuend, subtrahend]) => minuend.map((x, i) => x.map((value, n) => value - subtrahend[i][n]));

  /** Channels by version, of the first encoding that this browser decodes. */
  async function load() {
    for (const encoding of data.encodings) {
      const sounds = {};
      try {
        for (const name of encoding.sounds) sounds[name] = await decode(encoding, name);
      } catch {
        continue;
      }
      if (encoding.exact) {
        for (const { name, parts } of versions) if (parts.length) sounds[name] = difference(parts.map((part) => sounds[part]));
      }
      return { encoding, sounds };
    }
    throw new Error("This browser decodes neither " + data.encodings.map((one) => one.name).join(" nor ") + ".");
  }

  // ---- player ------------------------------------------------------------------------------------------------------

  /** All versions from one moment on; one of them is let through. */
  class Run {
    constructor(context, buffers, offset, at, loops) {
      this.context = context;
      this.at = at;
      this.out = context.createGain();
      this.out.gain.setValueAtTime(0, at);
      this.out.gain.linearRampToValueAtTime(1, at + FADE);
      this.out.connect(context.destination);
      this.free = at; // when the last fade is over: one begins where the other ended, so that none is cut off
      this.gains = {};
      this.targets = {};
      this.sources = Object.entries(buffers).map(([name, buffer]) => {
        const source = new AudioBufferSourceNode(context, { buffer, loop: loops });
        const gain = new GainNode(context, { gain: 0 });
        source.connect(gain).connect(this.out);
        source.start(at, offset);
        this.gains[name] = gain.gain;
        this.targets[name] = 0;
        return source;
      });
    }
    /** Gain by version. */
    begin(targets) {
      for (const [name, gain] of Object.entries(this.gains)) gain.setValueAtTime((this.targets[name] = targets[name] ?? 0), 0);
    }
    fade(targets) {
      const start = Math.max(this.context.currentTime + AHEAD, this.free);
      for (const [name, gain] of Object.entries(this.gains)) {
        const target = targets[name] ?? 0;
        if (target === this.targets[name]) continue;
        gain.setValueAtTime(this.targets[name], start);
        gain.linearRampToValueAtTime(target, start + FADE);
        this.targets[name] = target;
        this.free = start + FADE;
      }
    }
    stop(at) {
      const start = Math.max(at, this.at + FADE);
      this.out.gain.setValueAtTime(1, start);
      this.out.gain.linearRampToValueAtTime(0, start + FADE);
      for (const source of this.sources) source.stop(start + FADE);
    }
  }

  const player = {
    context: null, sounds: {}, run: null, chosen: versions[0].name, before: versions[0].name, rest: 0, from: 0, span: null,
    loops: false, buffers: null,

    get playing() { return this.run !== null; },
    /** Start and end in seconds, or null. */
    get range() { return this.loops ? this.span ?? [0, SECONDS] : null; },

    position() {
      if (!this.run) return this.rest;
      const passed = Math.max(0, this.context.currentTime - (this.context.outputLatency || 0) - this.run.at);
      const position = this.from + passed, range = this.played;
      if (!range) return Math.min(position, SECONDS);
      return position < range[1] ? position : range[0] + ((position - range[0]) % (range[1] - range[0]));
    },

    targets() {
      const { gain, boosts } = versions.find(({ name }) => name === this.chosen);
      const decibels = boosts ? Number(element("boost").value) : element("match").checked ? gain ?? 0 : 0;
      return { [this.chosen]: amplitude(decibels) };
    },

    /** One buffer a version, of all or of the loop; a loop's end is cross-faded into what precedes its start. */
    make() {
      const range = this.range;
      const [first, last] = range ? range.map((t) => Math.round(t * RATE)) : [0, data.samples];
      const faded = range ? Math.min(Math.round(FADE * RATE), (last - first) >> 1) : 0;
      this.played = range;
      this.buffers = {};
      for (const [name, channels] of Object.entries(this.sounds)) {
        const buffer = new AudioBuffer({ length: last - first, numberOfChannels: channels.length, sampleRate: RATE });
        channels.forEach((channel, i) => {
          const x = channel.slice(first, last);
          for (let n = 0; n < faded; n++) {
            const share = (n + 1) / (faded + 1), k = x.length - faded + n;
            x[k] = (1 - share) * x[k] + share * (channel[first - faded + n] ?? 0);
          }
          buffer.copyToChannel(x, i);
        });
        this.buffers[name] = buffer;
      }
    },

    play() {
      this.context ??= new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
      this.context.resume();
      this.start(this.rest >= SECONDS - 0.01 ? 0 : this.rest);
    },

    start(position) {
      if (!this.buffers) this.make();
      const range = this.played;
      position = Math.round(position * RATE) / RATE; // between samples, the browser would interpolate
      if (range && !(position >= range[0] && position < range[1])) position = range[0];
      const at = this.context.currentTime + AHEAD;
      this.run?.stop(at);
      this.from = position;
      const run = (this.run = new Run(this.context, this.buffers, position - (range ? range[0] : 0), at, range !== null));
      run.begin(this.targets());
      run.sources[0].onended = () => { if (this.run === run) { this.rest = 0; this.run = null; show(); } };
      show();
    },

    pause() {
      if (!this.run) return;
      this.rest = this.position();
      this.run.stop(this.context.currentTime + AHEAD);
      this.run = null;
      show();
    },

    seek(seconds) {
      this.rest = Math.min(Math.max(seconds, 0), SECONDS);
      if (this.run) this.start(Math.min(this.rest, SECONDS - 0.02)); else show();
    },

    choose(name) {
      if (!(name in this.sounds) || name === this.chosen) return;
      this.before = this.chosen;
      this.chosen = name;
      this.fade();
    },

    fade() {
      this.run?.fade(this.targets());
      show();
    },

    setLoop(span, loops) {
      if (span && span[1] - span[0] < SHORTEST_LOOP) return;
      const position = this.position();
      this.span = span;
      this.loops = loops;
      this.buffers = null;
      this.rest = position;
      if (this.run) this.start(position); else show();
    },

    setEnd(which) {
      const span = this.span ? [...this.span] : [0, SECONDS];
      span[which] = this.position();
      if (span[0] >= span[1]) span[1 - which] = which ? 0 : SECONDS;
      this.setLoop(span, true);
    },
  };

  // ---- what is shown -----------------------------------------------------------------------------------------------

  function clock(seconds) {
    const tenths = Math.round(10 * seconds);
    return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  }

  function showPosition() {
    const position = player.position();
    page.style.setProperty("--head", SECONDS ? position / SECONDS : 0);
    slider.value = position;
    slider.setAttribute("aria-valuetext", `${clock(position)} of ${clock(SECONDS)}`);
    element("time").textContent = `${clock(position)} / ${clock(SECONDS)}`;
  }

  function show() {
    showPosition();
    element("play").textContent = player.playing ? "Pause" : "Play";
    for (const button of document.querySelectorAll(".version")) {
      button.setAttribute("aria-pressed", String(button.dataset.version === player.chosen));
    }
    for (const figure of document.querySelectorAll("figure")) {
      figure.classList.toggle("heard", figure.dataset.version === player.chosen);
    }
    const { gain } = versions.find(({ name }) => name === player.chosen);
    element("gain").textContent = element("match").checked && gain != null ? ` (${gain.toFixed(1).replace("-", "−")} dB)` : "";
    element("loop").checked = player.loops;
    const span = player.span;
    page.dataset.span = span ? "some" : "none";
    page.style.setProperty("--span-from", span ? span[0] / SECONDS : 0);
    page.style.setProperty("--span-to", span ? span[1] / SECONDS : 0);
    element("span").textContent = span ? `${clock(span[0])} to ${clock(span[1])}` : "";
    element("clear").hidden = !span;
  }

  function tick() {
    if (player.playing) showPosition();
    if (calm.matches) setTimeout(tick, 500); else requestAnimationFrame(tick);
  }

  function tell(text, isError = false) {
    element("status").textContent = text;
    element("status").classList.toggle("error", isError);
  }

  // ---- what is done ------------------------------------------------------------------------------------------------

  const toggle = () => (player.playing ? player.pause() : player.play());
  const press = (id) => element(id).click();
  const commands = {
    " ": toggle,
    x: () => player.choose(player.before),
    l: () => press("loop"),
    m: () => press("match"),
    f: () => { element("range").selectedIndex ^= 1; element("range").dispatchEvent(new Event("change")); },
    "[": () => player.setEnd(0),
    "]": () => player.setEnd(1),
    escape: () => player.setLoop(null, false),
    arrowleft: (event) => player.seek(player.position() - (event.shiftKey ? 5 : 1)),
    arrowright: (event) => player.seek(player.position() + (event.shiftKey ? 5 : 1)),
    home: () => player.seek(0),
    end: () => player.seek(SECONDS),
  };
  versions.forEach(({ name }, i) => { commands[String(i + 1)] = () => player.choose(name); });

  function listen() {
    document.addEventListener("keydown", (event) => {
      const target = event.target, command = commands[event.key.toLowerCase()];
      if (!command || event.ctrlKey || event.metaKey || event.altKey || target.matches("select")) return;
      if (event.key === " " && target.matches("button, input[type=checkbox]")) return; // they are pressed by it
      if (target.matches(".scroll") && event.key.startsWith("Arrow")) return;
      event.preventDefault();
      command(event);
    });
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.version) player.choose(button.dataset.version);
      if (event.detail) button.blur(); // after a mouse, Space plays
    });
    element("play").addEventListener("click", toggle);
    element("clear").addEventListener("click", () => player.setLoop(null, false));
    element("loop").addEventListener("change", (event) => player.setLoop(player.span, event.target.checked));
    for (const id of ["match", "boost"]) element(id).addEventListener("change", () => player.fade());
    element("range").addEventListener("change", (event) => { page.dataset.range = event.target.value; });
    slider.addEventListener("input", () => player.seek(Number(slider.value)));
    for (const plot of document.querySelectorAll(".plot")) listenTo(plot);
  }

  /** A click goes there, dragging makes a loop. */
  function listenTo(plot) {
    let start = null;
    const time = (event) => {
      const box = plot.getBoundingClientRect();
      return SECONDS * Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    };
    plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      start = { x: event.clientX, time: time(event) };
      plot.setPointerCapture(event.pointerId);
    });
    plot.addEventListener("pointerup", (event) => {
      if (!start) return;
      const end = time(event);
      if (Math.abs(event.clientX - start.x) < 6) player.seek(end);
      else player.setLoop([Math.min(start.time, end), Math.max(start.time, end)], true);
      start = null;
    });
    plot.addEventListener("pointercancel", () => { start = null; });
  }

  load().then(({ encoding, sounds }) => {
    player.sounds = sounds;
    slider.max = SECONDS;
    for (const control of document.querySelectorAll(":disabled")) {
      control.disabled = Boolean(control.dataset.version) && !(control.dataset.version in sounds);
    }
    listen();
    show();
    const missing = versions.length - Object.keys(sounds).length;
    tell(`Ready. The sound here is ${encoding.name}${encoding.exact ? ", lossless of 16 bit" : ", lossy"}.`
      + (missing ? ` This browser does not decode ${data.encodings[0].name}: what needs it is left out.` : ""));
    tick();
  }).catch((error) => tell(`${error.message} The sounds are beside this page as WAV files.`, true));
})();
