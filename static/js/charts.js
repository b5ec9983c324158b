/*
 * Draws every <div data-chart="ID"> from the JSON in <script type="application/json" id="ID">.
 *
 * The JSON is our own small vocabulary, never ECharts options:
 *   kind       "burn-down" | "fan" | "lines" | "stacked-bars"
 *   x          labels, or ISO times with an offset
 *   x_type     "category" | "time"
 *   time_zone  IANA name for the labels of a time axis (the reader's own when left out)
 *   unit       what the numbers count, e.g. "tokens"
 *   y_max      optional top of the scale, e.g. the limit
 *   series     [{name, values, style}], style: "line" | "dashed" | "area" | "band-low" | "band-high";
 *              null is a gap; a band-low is followed by its band-high of the same name, and a "dashed"
 *              after the bands is the middle of the fan
 *   marks      [{value, label, axis: "x" | "y"}]
 *
 * The table under each chart carries the same numbers, so nothing is lost where this file does not run.
 * Colours are CSS custom properties used by name: light, dark and print restyle the drawing without a redraw.
 */
(function () {
  "use strict";

  const FONT = '"Inter Variable", system-ui, sans-serif';
  const SERIES_COLOURS = 8;
  const DAY = 24 * 60 * 60 * 1000;
  const drawn = new Map();

  const colour = (name) => `var(--chart-${name})`;
  const seriesColour = (index) => colour((index % SERIES_COLOURS) + 1);
  const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
  const number = (value) => (value === null || value === undefined || Number.isNaN(value) ? "no value" : count.format(value));

  function clock(zone, fields) {
    try {
      return new Intl.DateTimeFormat("en-GB", { ...fields, timeZone: zone || undefined });
    } catch {
      return new Intl.DateTimeFormat("en-GB", fields);
    }
  }

  /* Midnights of the owner's zone, which need not be the browser's; thinned to what fits. */
  function midnights(from, to, zone, room) {
    const hour = clock(zone, { hour: "numeric", hourCycle: "h23", minute: "numeric" });
    const found = [];
    const step = 30 * 60 * 1000;
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      if (hour.format(at) === "00:00") {
        found.push(at);
        at += DAY - 3 * 60 * 60 * 1000 - step;
      }
    }
    const every = Math.max(1, Math.ceil(found.length / room));
    return found.filter((_, index) => index % every === 0);
  }

  function xAxis(spec, times, width) {
    const shared = {
      axisLine: { lineStyle: { color: colour("axis") } },
      axisTick: { lineStyle: { color: colour("axis") } },
      axisLabel: { color: colour("text"), fontFamily: FONT, fontSize: 12, hideOverlap: true, margin: 10 },
      splitLine: { show: false },
      axisPointer: { label: { show: false }, lineStyle: { color: colour("mark"), type: "solid" } },
    };
    if (!times) {
      return { ...shared, type: "category", data: spec.x, axisTick: { show: false } };
    }
    const [from, to] = [Math.min(...times), Math.max(...times)];
    const ticks = midnights(from, to, spec.time_zone, Math.max(2, Math.floor(width / 88)));
    const short = clock(spec.time_zone, to - from > 14 * DAY ? { day: "numeric", month: "short" } : { weekday: "short", day: "numeric" });
    return {
      ...shared,
      type: "time",
      min: from,
      max: to,
      axisTick: { ...shared.axisTick, customValues: ticks },
      axisLabel: { ...shared.axisLabel, customValues: ticks, formatter: (at) => short.format(at) },
    };
  }

  function yAxis(spec) {
    return {
      type: "value",
      min: 0,
      max: spec.y_max === undefined ? null : spec.y_max,
      splitNumber: 4,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: colour("text"), fontFamily: FONT, fontSize: 12, formatter: number },
      splitLine: { lineStyle: { color: colour("grid") } },
      axisPointer: { show: false },
    };
  }

  function markLine(spec) {
    const levels = (spec.marks || []).filter((mark) => mark.axis !== "x");
    const lowest = levels.reduce((one, other) => (other.value < one.value ? other : one), levels[0]);
    /* Two levels may lie close together: the lower one is named below its line. */
    const below = (mark) => levels.length > 1 && mark === lowest;
    const data = (spec.marks || []).map((mark) => ({
      [mark.axis === "x" ? "xAxis" : "yAxis"]: mark.axis === "x" && spec.x_type === "time" ? Date.parse(mark.value) : mark.value,
      label: {
        formatter: mark.label || "",
        /* A burn-down and a fan end at such a line, so it is named where they begin. */
        position: mark.axis === "x" ? "end" : spec.kind === "lines" ? "insideEndTop" : below(mark) ? "insideStartBottom" : "insideStartTop",
        color: colour("text"),
        fontFamily: FONT,
        fontSize: 12,
        distance: mark.axis === "x" ? 6 : [0, 3],
        textBorderColor: colour("paper"),
        textBorderWidth: 3,
      },
      lineStyle: { color: colour("mark"), width: 1, type: mark.axis === "x" ? "solid" : [3, 3] },
    }));
    return data.length ? { silent: true, symbol: "none", animation: false, data } : undefined;
  }

  /* One entry per visible thing: what ECharts draws, what the legend shows, what the tooltip reads. */
  function layers(spec, points) {
    const still = { animation: false, silent: true, emphasis: { disabled: true } };
    const result = { drawing: [], legend: [], reading: [] };
    let solid = 0;
    let band = null;
    let fan = false;
    spec.series.forEach((series, index) => {
      const values = series.values.map((value) => (value === undefined ? null : value));
      if (series.style === "band-low") {
        band = { name: series.name, low: values, index };
        fan = true;
        return;
      }
      if (series.style === "band-high" && band) {
        const { low, name } = band;
        const stack = `band ${band.index}`;
        const base = { ...still, type: "line", stack, stackStrategy: "all", symbol: "none", lineStyle: { width: 0 } };
        const spread = values.map((high, at) => (high === null || low[at] === null ? null : high - low[at]));
        result.drawing.push({ ...base, name: `${name}, low`, data: points(low), z: 1 });
        result.drawing.push({ ...base, name, data: points(spread), z: 1, areaStyle: { color: colour("1"), opacity: 0.14 } });
        /* Bands lie over one another, so each further one looks, and is keyed, a shade stronger. */
        const shade = 0.18 + 0.22 * result.legend.filter((entry) => entry.shape === "band").length;
        result.legend.push({ name, shape: "band", colour: colour("1"), shade });
        result.reading.push({ name, text: (at) => (values[at] === null || low[at] === null ? null : `${number(low[at])} to ${number(values[at])}`) });
        band = null;
        return;
      }
      const reading = { name: series.name, text: (at) => (values[at] === null ? null : number(values[at])) };
      if (spec.kind === "stacked-bars") {
        const fill = seriesColour(index);
        result.drawing.push({
          ...still, type: "bar", stack: "all", name: series.name, data: points(values), barMaxWidth: 56, barCategoryGap: "36%",
          itemStyle: { color: fill, borderColor: colour("paper"), borderWidth: 1 },
        });
        result.legend.push({ name: series.name, shape: "block", colour: fill });
      } else {
        /* A dashed line is an aid (an even pace, say) and stays quiet, unless it is the middle of a fan. */
        const dashed = series.style === "dashed";
        const quiet = dashed && spec.kind !== "lines" && !fan;
        const stroke = quiet ? colour("quiet") : spec.kind === "lines" ? seriesColour(solid) : colour("1");
        result.drawing.push({
          ...still, type: "line", name: series.name, data: points(values), symbol: "none", z: dashed ? 3 : 4, connectNulls: false,
          lineStyle: { color: stroke, width: dashed ? 1.5 : 2.25, type: dashed ? [5, 4] : "solid", cap: "round", join: "round" },
          areaStyle: series.style === "area" ? { color: stroke, opacity: 0.1 } : undefined,
        });
        result.legend.push({ name: series.name, shape: dashed ? "dashed" : "line", colour: stroke });
        solid += 1;
      }
      result.reading.push(reading);
    });
    return result;
  }

  function tooltip(spec, times, reading) {
    const long = times && clock(spec.time_zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return {
      trigger: "axis",
      /* Rich text is drawn inside the SVG; an HTML tooltip needs inline styles, which the security policy forbids. */
      renderMode: "richText",
      transitionDuration: 0,
      confine: true,
      padding: [8, 26, 8, 12],
      backgroundColor: colour("tooltip"),
      borderColor: colour("axis"),
      borderWidth: 1,
      textStyle: { color: colour("ink"), fontFamily: FONT, fontSize: 13, lineHeight: 20 },
      formatter(items) {
        const at = items[0].dataIndex;
        const lines = reading.map((entry) => [entry.name, entry.text(at)]).filter((line) => line[1] !== null);
        const head = times ? long.format(times[at]) : spec.x[at];
        return [head, ...lines.map(([name, text]) => `${name}: ${text}`)].join("\n");
      },
    };
  }

  function options(spec, width) {
    const times = spec.x_type === "time" ? spec.x.map((at) => Date.parse(at)) : null;
    const points = (values) => (times ? values.map((value, at) => [times[at], value]) : values);
    const parts = layers(spec, points);
    const marked = markLine(spec);
    if (marked && parts.drawing.length) {
      parts.drawing[parts.drawing.length - 1].markLine = marked;
    }
    const named = (spec.marks || []).some((mark) => mark.axis === "x");
    return {
      legend: parts.legend,
      drawing: {
        animation: false,
        textStyle: { fontFamily: FONT },
        grid: { left: 4, right: 16, top: named ? 28 : 16, bottom: 4, containLabel: true },
        xAxis: xAxis(spec, times, width),
        yAxis: yAxis(spec),
        tooltip: tooltip(spec, times, parts.reading),
        series: parts.drawing,
      },
    };
  }

  function swatch(entry) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const mark = document.createElementNS("http://www.w3.org/2000/svg", entry.shape === "block" || entry.shape === "band" ? "rect" : "line");
    const place = mark.nodeName === "rect" ? { x: 1, y: 1, width: 18, height: 10, rx: 2 } : { x1: 1, x2: 19, y1: 6, y2: 6 };
    const paint = mark.nodeName === "rect"
      ? { fill: entry.colour, "fill-opacity": entry.shade || 1 }
      : { stroke: entry.colour, "stroke-width": 2.25, "stroke-dasharray": entry.shape === "dashed" ? "5 3.5" : "none" };
    const set = (node, values) => Object.entries(values).forEach(([key, value]) => node.setAttribute(key, value));
    set(svg, { width: 20, height: 12, viewBox: "0 0 20 12", "aria-hidden": "true" });
    set(mark, { ...place, ...paint });
    svg.append(mark);
    return svg;
  }

  function writeLegend(holder, entries, unit) {
    let list = holder.previousElementSibling;
    if (!list || !list.classList.contains("chart-legend")) {
      list = document.createElement("ul");
      list.className = "chart-legend";
      holder.before(list);
    }
    list.replaceChildren(...entries.map((entry) => {
      const item = document.createElement("li");
      item.append(swatch(entry), entry.name);
      return item;
    }));
    if (unit) {
      const item = document.createElement("li");
      item.className = "chart-unit";
      item.textContent = `in ${unit}`;
      list.append(item);
    }
  }

  function draw(holder) {
    const source = document.getElementById(holder.dataset.chart);
    const spec = source ? JSON.parse(source.textContent) : null;
    if (!spec || !spec.series || !spec.series.length || !spec.x.length || !holder.clientWidth) {
      return;
    }
    const { drawing, legend } = options(spec, holder.clientWidth);
    const chart = window.echarts.getInstanceByDom(holder) || window.echarts.init(holder, null, { renderer: "svg" });
    chart.setOption(drawing, { notMerge: true });
    writeLegend(holder, legend, spec.unit);
    fitToPaper(holder);
    drawn.set(holder, chart);
  }

  /* With a viewBox the drawing can be scaled by the print stylesheet. */
  function fitToPaper(holder) {
    const svg = holder.querySelector("svg");
    if (svg) {
      svg.setAttribute("viewBox", `0 0 ${holder.clientWidth} ${holder.clientHeight}`);
      svg.setAttribute("aria-hidden", "true");
    }
  }

  const watcher = new ResizeObserver((entries) => {
    entries.forEach(({ target }) => {
      const chart = drawn.get(target);
      const paper = window.matchMedia("print").matches;
      if (!chart) {
        draw(target);
      } else if (!paper && target.clientWidth && (chart.getWidth() !== target.clientWidth || chart.getHeight() !== target.clientHeight)) {
        chart.resize();
        draw(target);
      }
    });
  });

  function drawAll() {
    drawn.forEach((chart, holder) => {
      if (!holder.isConnected) {
        watcher.unobserve(holder);
        chart.dispose();
        drawn.delete(holder);
      }
    });
    document.querySelectorAll("[data-chart]").forEach((holder) => {
      if (!window.echarts) {
        holder.hidden = true;
        return;
      }
      draw(holder);
      watcher.observe(holder);
    });
  }

  /* What shows while the pointer is over a chart lies over the chart: Escape puts it away. */
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      drawn.forEach((chart) => chart.dispatchAction({ type: "hideTip" }));
    }
  });
  document.addEventListener("htmx:afterSettle", drawAll);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  /* Label widths are measured, so the font comes first. */
  document.fonts.ready.then(drawAll);
})();
