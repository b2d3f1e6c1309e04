"use strict";
(() => {
  // --- data: every value stands once, see encoding.py -------------------------------------------
  const { kinds, nodes, root } = JSON.parse(document.getElementById("picture").textContent);
  const known = new Array(nodes.length);
  function node(number) {
    if (known[number] === undefined) {
      const raw = nodes[number];
      if (!Array.isArray(raw)) known[number] = raw;
      else if (raw[0] < 0) known[number] = raw.slice(1).map(node);
      else {
        const record = (known[number] = {});
        kinds[raw[0]].forEach((name, at) => { record[name] = node(raw[at + 1]); });
      }
    }
    return known[number];
  }
  const picture = node(root);
  const OUTCOMES = ["denied", "undecided", "allowed"];
  const LANES = {
    agent: "ECS agent → execution role",
    application: "application → task role",
    launcher: "rule, schedule, pipe or state machine → its role",
    pipeline: "pipeline → its roles",
  };

  // --- elements: texts become text, never markup ------------------------------------------------
  const SVG = "http://www.w3.org/2000/svg";
  function put(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(9).filter((it) => it || it === 0));
    return element;
  }
  const el = (tag, attributes = {}, ...children) =>
    put(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) =>
    put(document.createElementNS(SVG, tag), attributes, children);
  const icon = (outcome) =>
    draw("svg", { class: `icon ${outcome}`, "aria-hidden": "true", focusable: "false" },
      draw("use", { href: `#${outcome}` }));
  const hidden = (text) => el("span", { class: "aloud" }, text);
  /* A long name may break behind what separates its parts. */
  const breakable = (text) =>
    text.split(/(?<=[/:.])|(?<=[a-z0-9])(?=[A-Z])/).flatMap((part) => [part, document.createElement("wbr")]);
  const times = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

  const titleOf = (stack) =>
    [stack.service, stack.environment].filter(Boolean).join(" · ") ||
    stack.file.split(/[/\\]/).pop();
  const groupsOf = (stack) => stack.lanes.flatMap((lane) => lane.groups);
  const callsOf = (group) => group.targets.flatMap((target) => target.calls);
  function countsOf(groups) {
    const counts = { denied: 0, undecided: 0, allowed: 0 };
    for (const group of groups)
      for (const call of callsOf(group))
        if (!call.is_optional) counts[call.outcome] += call.asked_by.length;
    return counts;
  }
  const worst = (counts) => OUTCOMES.find((outcome) => counts[outcome]) || "allowed";

  const stacks = picture.stacks.map((stack) => ({ stack, counts: countsOf(groupsOf(stack)) }));
  stacks.forEach((entry, at) => { entry.at = at; });
  stacks.sort((a, b) =>
    b.counts.denied - a.counts.denied || b.counts.undecided - a.counts.undecided || a.at - b.at);

  // --- what is chosen ---------------------------------------------------------------------------
  const chosen = { service: "", environment: "", outcome: "", stack: stacks[0] };
  const passes = ({ stack, counts }) =>
    (!chosen.service || stack.service === chosen.service) &&
    (!chosen.environment || stack.environment === chosen.environment) &&
    (!chosen.outcome || counts[chosen.outcome] > 0);
  const isShown = (call) => !chosen.outcome || call.outcome === chosen.outcome;

  const main = document.getElementById("main");
  const filters = document.getElementById("filters");
  const dialog = document.getElementById("detail");

  function select(label, key, values, all) {
    const id = `filter-${key}`;
    const box = el("select", { id, onchange: (event) => {
      chosen[key] = event.target.value;
      update();
    } }, el("option", { value: "" }, all), values.map((it) => el("option", { value: it }, it)));
    return el("p", { class: "field" }, el("label", { for: id }, label), box);
  }
  function namesOf(key) {
    return [...new Set(stacks.map(({ stack }) => stack[key]).filter(Boolean))].sort();
  }
  const found = el("p", { class: "found", role: "status" });
  const stackBox = el("select", { id: "filter-stack", onchange: (event) => {
    chosen.stack = stacks[Number(event.target.value)];
    drawStack();
  } });
  function buildFilters() {
    if (stacks.length > 1) {
      for (const [label, key] of [["Service", "service"], ["Environment", "environment"]]) {
        const names = namesOf(key);
        if (names.length > 1) filters.append(select(label, key, names, "all"));
      }
    }
    filters.append(select("Outcome", "outcome", OUTCOMES, "all"));
    filters.append(found);
    filters.addEventListener("submit", (event) => event.preventDefault());
  }

  // --- roles x calls ----------------------------------------------------------------------------
  const STEP = 20;
  let rows = STEP;
  const overview = el("section", { "aria-labelledby": "overview-title", class: "overview" });
  function drawOverview(entries) {
    const lines = entries.flatMap((entry) => groupsOf(entry.stack)
      .filter((group) => group.targets.length && callsOf(group).some(isShown))
      .map((group) => ({ entry, group })));
    const actions = [...new Set(lines.flatMap(({ group }) =>
      callsOf(group).filter(isShown).map((call) => call.action)))].sort();
    const services = new Map();
    for (const action of actions) {
      const [service] = action.split(":");
      services.set(service, (services.get(service) || 0) + 1);
    }
    const firsts = new Set(actions.filter((it, at) =>
      !at || it.split(":")[0] !== actions[at - 1].split(":")[0]));
    const head = el("thead", {},
      el("tr", {},
        el("th", { scope: "col", rowspan: "2" }, "Stack"),
        el("th", { scope: "col", rowspan: "2" }, "Role"),
        [...services].map(([name, span]) =>
          el("th", { scope: "colgroup", colspan: String(span), class: "service" }, name))),
      el("tr", {}, actions.map((action) => el("th", {
        scope: "col", class: firsts.has(action) ? "action first" : "action",
      }, el("span", {}, action.split(":").slice(1).join(":"))))));
    const body = el("tbody", {}, lines.slice(0, rows).map(({ entry, group }, at) => {
      const outcomes = new Map();
      for (const call of callsOf(group).filter(isShown)) {
        const before = outcomes.get(call.action);
        if (!before || OUTCOMES.indexOf(call.outcome) < OUTCOMES.indexOf(before))
          outcomes.set(call.action, call.outcome);
      }
      const isRepeated = at && lines[at - 1].entry === entry;
      const name = el("button", { type: "button", class: "link", onclick: () => {
        chosen.stack = entry;
        drawStack();
        stackSection.scrollIntoView();
        stackTitle.focus();
      } }, titleOf(entry.stack), hidden(`: show the calls of ${group.role.name}`));
      return el("tr", { class: isRepeated ? "same" : "" },
        el("th", { scope: "row" }, name),
        el("td", { class: "role-name" }, breakable(group.role.name)),
        actions.map((action) => {
          const outcome = outcomes.get(action);
          return el("td", { class: `cell${firsts.has(action) ? " first" : ""} ${outcome || ""}` },
            outcome ? [icon(outcome), hidden(outcome)] : el("span", { class: "none" }, "–",
              hidden(" not called")));
        }));
    }));
    const scroller = el("div", {
      class: "scroller", tabindex: "0", role: "region", "aria-label": "Roles and calls, a table",
    }, el("table", {}, el("caption", { class: "aloud" }, "Roles and the calls they make"), head, body));
    const more = lines.length > rows && el("button", { type: "button", class: "more", onclick: () => {
      rows += lines.length > 1000 ? 200 : STEP;
      drawOverview(entries);
    } }, `Show more: ${lines.length - rows} of ${lines.length} rows are not shown`);
    overview.replaceChildren(
      el("h2", { id: "overview-title" }, "Roles × calls"),
      lines.length ? scroller : el("p", { class: "empty" }, "No call passes the filters."),
      more || "");
  }

  // --- one stack --------------------------------------------------------------------------------
  const stackTitle = el("h2", { id: "stack-title", tabindex: "-1" });
  const lanes = el("div", { class: "lanes" });
  const stackSection = el("section", { "aria-labelledby": "stack-title", class: "stack" });
  const flows = el("section", { "aria-labelledby": "flows-title", class: "flows" });
  const others = el("section", { "aria-labelledby": "others-title", class: "others" });
  const printed = el("section", { "aria-labelledby": "printed-title", class: "printed" });

  function step(by) {
    const entries = stacks.filter(passes);
    const at = entries.indexOf(chosen.stack) + by;
    chosen.stack = entries[(at + entries.length) % entries.length];
    drawStack();
  }
  function chooser() {
    return stacks.length > 1 && el("div", { class: "chooser" },
      el("label", { for: "filter-stack" }, "Stack"), stackBox,
      el("button", { type: "button", onclick: () => step(-1) }, "‹", hidden("previous stack")),
      el("button", { type: "button", onclick: () => step(1) }, "›", hidden("next stack")));
  }
  function legend() {
    const words = { allowed: "allowed, a solid line", denied: "denied, a dashed line",
      undecided: "undecided, a dotted line" };
    return el("ul", { class: "legend", "aria-label": "Legend" }, ["allowed", "denied", "undecided"]
      .map((outcome) => el("li", {},
        draw("svg", { class: `line ${outcome}`, "aria-hidden": "true", focusable: "false",
          viewBox: "0 0 34 16" }, draw("path", { d: "M0 8h34" })),
        icon(outcome), words[outcome])),
    el("li", {}, el("em", {}, "in italics: optional, and not counted")));
  }

  function callerCard(caller, group) {
    return el("button", { type: "button", class: `card caller ${caller.outcome}`,
      "aria-haspopup": "dialog", onclick: (event) => open(event.currentTarget, trustDetail(caller, group)) },
    el("strong", {}, caller.who), el("span", { class: "small" }, breakable(caller.of)),
    el("span", { class: "trust" }, icon(caller.outcome), "trust policy",
      hidden(`: ${caller.outcome}`)));
  }
  function roleCard(role, group) {
    const counts = countsOf([group]);
    return el("div", { class: "card role" },
      el("p", { class: "eyebrow" }, role.purpose || "missing"),
      el("h4", {}, breakable(role.name)),
      el("p", { class: "small" }, role.line ? `${role.elsewhere} line ${role.line}`.trim() : role.purpose ? "outside the run" : "none is named"),
      role.boundary && el("p", { class: "small" }, "boundary ", el("code", {}, breakable(role.boundary))),
      el("ul", { class: "tally" }, OUTCOMES.filter((it) => counts[it]).map((it) =>
        el("li", {}, icon(it), String(counts[it]), hidden(` ${it}`)))));
  }
  function layerChips(layers) {
    return el("ul", { class: "layers", "aria-label": "Policy layers" }, layers.map((said) =>
      el("li", { class: said.decides ? "decides" : "" }, el("span", {}, short(said.layer)), " ", said.says)));
  }
  const short = (layer) => ({
    "identity-based policy": "role", "resource-based policy": "resource",
    "permissions boundary": "boundary", "service control policy": "SCP",
    "resource control policy": "RCP", "VPC endpoint policy": "endpoint",
  })[layer] || layer;
  function callButton(call, target, group) {
    const several = call.asked_by.length > 1;
    return el("li", {}, el("button", { type: "button", class: `call ${call.outcome}${call.is_optional ? " optional" : ""}`,
      "aria-haspopup": "dialog", onclick: (event) => open(event.currentTarget, callDetail(call, target, group)) },
    icon(call.outcome), el("span", { class: "action" }, call.action),
    several && el("span", { class: "small" }, `× ${call.asked_by.length}`),
    call.is_optional && hidden(", optional"),
    hidden(`, ${call.outcome}${several ? `, asked for by ${call.asked_by.length}` : ""}`),
    call.findings.length > 0 && el("span", { class: "rules" }, [...new Set(call.findings.map((it) => it.rule))].join(" "))));
  }
  function targetCard(target, group) {
    const calls = target.calls.filter(isShown);
    return calls.length > 0 && el("li", { class: "card target" },
      el("ul", { class: "calls", "aria-label": `Calls on ${target.label}` },
        calls.map((call) => callButton(call, target, group))),
      el("div", { class: "thing" },
        el("p", { class: "eyebrow" }, target.kind),
        el("p", { class: "name", title: target.resource }, breakable(target.label)),
        target.layers.length > 0 && layerChips(target.layers)));
  }
  function groupBox(group) {
    const targets = group.targets.map((target) => targetCard(target, group)).filter(Boolean);
    const box = el("div", { class: "group" },
      draw("svg", { class: "wires", "aria-hidden": "true", focusable: "false" }),
      el("div", { class: "callers" }, group.callers.map((caller) => callerCard(caller, group))),
      el("div", { class: "roles" }, roleCard(group.role, group)),
      targets.length ? el("ul", { class: "targets", "aria-label": `What ${group.role.name} calls` }, targets)
        : el("p", { class: "note" }, group.targets.length ? "no call passes the filter" : group.note));
    return box;
  }
  function drawStack() {
    const { stack } = chosen.stack;
    close();
    stackBox.value = String(stacks.indexOf(chosen.stack));
    stackTitle.replaceChildren(titleOf(stack));
    lanes.replaceChildren(...stack.lanes.map((lane) => {
      const id = `lane-${lane.key}`;
      return el("section", { class: "lane", "aria-labelledby": id },
        el("h3", { id }, LANES[lane.key]), lane.groups.map(groupBox));
    }));
    if (!stack.lanes.length) lanes.append(el("p", { class: "empty" }, "No role of this template makes a call that is judged."));
    stackSection.replaceChildren(stackTitle, el("p", { class: "file" }, breakable(stack.file)),
      chooser() || "", legend(), lanes);
    drawFlows(stack);
    drawOthers(stack);
    drawPrinted(stack);
    wires();
  }

  // --- the lines between them -------------------------------------------------------------------
  function curve(from, to) {
    const bend = Math.max((to.x - from.x) / 2, 12);
    return `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
  }
  function wires() {
    for (const group of lanes.querySelectorAll(".group")) {
      const svg = group.querySelector(".wires");
      const box = group.getBoundingClientRect();
      svg.replaceChildren();
      if (getComputedStyle(svg).display === "none") continue;
      svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
      const role = group.querySelector(".role").getBoundingClientRect();
      const middle = role.top - box.top + role.height / 2;
      const link = (from, to, button) => {
        const outcome = OUTCOMES.find((it) => button.classList.contains(it));
        const d = curve(from, to);
        const hit = draw("path", { class: "hit", d, onclick: () => button.click() });
        const line = draw("path", { class: `wire ${outcome}`, d });
        for (const [name, on] of [["mouseenter", true], ["mouseleave", false]])
          hit.addEventListener(name, () => { line.classList.toggle("near", on); button.classList.toggle("near", on); });
        for (const [name, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]])
          button.addEventListener(name, () => line.classList.toggle("near", on));
        svg.append(line, hit);
      };
      for (const button of group.querySelectorAll(".caller")) {
        const at = button.getBoundingClientRect();
        link({ x: at.right - box.left, y: at.top - box.top + at.height / 2 },
          { x: role.left - box.left, y: middle }, button);
      }
      const calls = [...group.querySelectorAll(".call")];
      const rank = { allowed: 0, undecided: 1, denied: 2 };
      const of = (button) => rank[OUTCOMES.find((it) => button.classList.contains(it))];
      for (const button of calls.sort((a, b) => of(a) - of(b))) {
        const at = button.querySelector(".icon").getBoundingClientRect();
        link({ x: role.right - box.left, y: middle },
          { x: at.left - box.left - 1, y: at.top - box.top + at.height / 2 }, button);
      }
    }
  }

  // --- credentials ------------------------------------------------------------------------------
  function drawFlows(stack) {
    const figures = Object.keys(LANES).map((lane) => {
      const seen = new Set();
      const mine = stack.flows.filter((flow) => {
        const key = JSON.stringify(flow);
        return flow.lane === lane && !seen.has(key) && seen.add(key);
      });
      return mine.length > 0 && el("figure", { class: "flow" },
        el("figcaption", {}, LANES[lane]),
        mine.map((flow) => [el("ol", {}, flow.hops.map((hop) => el("li", {},
          hop.arrow && el("span", { class: "arrow" }, el("span", {}, hop.arrow)),
          el("span", { class: "card box" }, el("strong", {}, breakable(hop.box)),
            el("span", { class: "small" }, breakable(hop.below)))))),
        flow.note && el("p", { class: "warning" }, flow.note)]));
    }).filter(Boolean);
    flows.hidden = !figures.length;
    flows.replaceChildren(el("h2", { id: "flows-title" }, "Where the credentials come from"), ...figures);
  }

  // --- details ----------------------------------------------------------------------------------
  const place = (excerpt) => `${excerpt.file}${excerpt.line ? `:${excerpt.line}` : ""}`;
  function citedBox(cited) {
    const { excerpt } = cited;
    return el("figure", { class: "excerpt" },
      el("figcaption", {}, el("b", {}, cited.label), " ", el("span", { class: "small" }, breakable(place(excerpt)))),
      excerpt.text ? el("pre", { tabindex: "0", "aria-label": `${cited.label}, source` }, el("code", {}, excerpt.text))
        : el("p", { class: "small" }, "not shown: a secret may stand there, or the text is not in the run"));
  }
  function findingBox(finding, said = "") {
    return el("div", { class: "finding" },
      el("p", {}, el("b", { class: `rule ${finding.severity}` }, finding.rule), " ",
        finding.message === said ? "" : finding.message,
        finding.is_suppressed && el("span", { class: "small" }, " (suppressed)")),
      finding.help && el("pre", { tabindex: "0", "aria-label": `help of ${finding.rule}` }, el("code", {}, finding.help)),
      finding.fix && el("p", { class: "small" }, el("code", {}, `copilot-preflight fix${finding.needs_review ? " --review" : ""}${picture.again && ` ${picture.again}`}`),
        `${picture.again ? "" : ", with the options and paths of this report,"} would ${finding.fix}`));
  }
  const part = (level, title, ...content) => {
    const inside = content.flat().filter(Boolean);
    return inside.length > 0 && [el(level, {}, title), ...inside];
  };
  const headline = (outcome, text, suffix) =>
    [icon(outcome), el("span", {}, breakable(text)), el("span", { class: `badge ${outcome}` }, suffix)];
  function callDetail(call, target, group) {
    return { title: headline(call.outcome, call.action, call.outcome), body: (level) => [
      el("dl", {},
        el("dt", {}, "role"), el("dd", {}, group.role.purpose && `${group.role.purpose} `, el("code", {}, breakable(group.role.name))),
        el("dt", {}, "resource"), el("dd", {}, el("code", {}, breakable(target.resource))),
        call.when && [el("dt", {}, "when"), el("dd", {}, call.when)]),
      call.reason && el("p", { class: "reason" }, call.reason),
      call.is_optional && el("p", { class: "small" }, "Work goes on without this call, so it does not count."),
      call.way_out && el("p", {}, call.way_out),
      part(level, "What decides it", call.cited.map(citedBox)),
      part(level, "The chain of policies", call.layers.length > 0 && el("ol", { class: "chain" }, call.layers.map((said) =>
        el("li", { class: said.decides ? "decides" : "" }, el("span", {}, said.layer), " ", el("b", {}, said.says),
          said.decides && el("span", { class: "small" }, " decides"))))),
      part(level, "The way out", call.findings.map((it) => findingBox(it, call.reason))),
      part(level, "Asked for by", el("ul", { class: "plain" }, [...new Set(call.asked_by)].map((it) => el("li", {}, it)))),
      el("p", { class: "small" }, call.because)] };
  }
  function trustDetail(caller, group) {
    return { title: headline(caller.outcome, `${caller.who} assumes ${group.role.name}`, caller.outcome),
      body: (level) => [
        el("dl", {}, el("dt", {}, "for"), el("dd", {}, caller.of), el("dt", {}, "principal"),
          el("dd", {}, el("code", {}, caller.principal))),
        el("p", { class: "reason" }, caller.reason),
        part(level, "What decides it", caller.cited.map(citedBox))] };
  }
  let opener = null;
  function open(button, detail) {
    opener = button;
    dialog.replaceChildren(
      el("div", { class: "bar" }, el("h2", { id: "detail-title", tabindex: "-1" }, detail.title),
        el("button", { type: "button", class: "close", onclick: close }, "×", hidden("close"))),
      ...detail.body("h3").flat(9).filter(Boolean));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    document.getElementById("detail-title").focus();
  }
  function close() {
    if (dialog.open) dialog.close();
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });
  dialog.addEventListener("close", () => { if (opener && opener.isConnected) opener.focus(); });

  function drawOthers(stack) {
    others.hidden = !stack.other_findings.length;
    others.replaceChildren(el("h2", { id: "others-title" }, "Also found"),
      ...stack.other_findings.map((finding) => el("div", {},
        findingBox(finding), el("p", { class: "small" }, breakable(place(finding))))));
  }
  function drawPrinted(stack) {
    const details = groupsOf(stack).flatMap((group) => group.targets.flatMap((target) =>
      target.calls.filter((call) => call.outcome !== "allowed" && isShown(call))
        .map((call) => callDetail(call, target, group))));
    printed.replaceChildren(el("h2", { id: "printed-title" }, "Calls that are denied or undecided"),
      ...details.map(({ title, body }) => el("article", {}, el("h3", {}, title), body("h4"))));
    printed.hidden = !details.length;
  }

  // --- everything -------------------------------------------------------------------------------
  function update() {
    const entries = stacks.filter(passes);
    rows = STEP;
    drawOverview(entries);
    found.replaceChildren(stacks.length > 1 ? `${entries.length} of ${times(stacks.length, "stack")}` : "");
    stackBox.replaceChildren(...entries.map((entry) => el("option", { value: String(stacks.indexOf(entry)) },
      `${titleOf(entry.stack)}${entry.counts.denied ? ` (${entry.counts.denied} denied)` : ""}`)));
    stackSection.hidden = !entries.length;
    if (entries.length) {
      if (!entries.includes(chosen.stack)) [chosen.stack] = entries;
      drawStack();
    } else {
      flows.hidden = others.hidden = printed.hidden = true;
    }
  }
  const errors = document.getElementById("errors");
  if (errors) errors.append(el("ul", {}, picture.errors.map((it) => el("li", {}, `${it.file}${it.line ? `:${it.line}` : ""}: ${it.message}`))));
  if (!stacks.length) {
    main.append(el("p", { class: "empty" }, "No template was judged."));
    return;
  }
  buildFilters();
  main.append(...(stacks.length > 1 ? [overview, stackSection] : [stackSection]), flows, others,
    ...(stacks.length > 1 ? [] : [overview]), printed);
  update();
  new ResizeObserver(wires).observe(lanes);
  window.addEventListener("beforeprint", wires);
  matchMedia("print").addEventListener("change", wires);
})();
