// FEEL functions that the editors suggest: those of the language, and the product's own.
// Stands in for @camunda/feel-builtins, some of whose functions our interpreter has not.
import { feelBuiltins } from "../../node_modules/@camunda/feel-builtins/dist/index.js";

interface Builtin {
  name: string;
  info: string;
  type: "function";
  params: { name: string }[];
}

const lithuanian = () => document.documentElement.lang === "lt";

function own(name: string, params: string[], lt: string, en: string): Builtin {
  return {
    name,
    type: "function",
    params: params.map((each) => ({ name: each })),
    get info() {
      return `<p>${lithuanian() ? lt : en}</p>`;
    },
  };
}

const OWN = [
  own("working days after", ["day", "n"], "n-toji darbo diena po nurodytos dienos, tuo pačiu paros metu.", "The n-th working day after the day, at its time of day."),
  own("working days between", ["from", "to"], "Kiek darbo dienų nuo pirmosios (neįskaitant) iki antrosios (įskaitant).", "Working days after the first day, up to and with the second."),
  own("next working day at", ["day", "time"], "Pirmoji darbo diena po nurodytos, nurodytu laiku, pvz., \"09:00\".", "That time on the first working day after the day, e.g. \"09:00\"."),
  own("before due", ["n"], "n darbo dienų iki užduoties termino.", "n working days before the task is due."),
  own("at due", [], "Užduoties terminas.", "The moment when the task is due."),
  own("after due", ["n"], "n darbo dienų po užduoties termino.", "n working days after the task was due."),
];

export const camundaBuiltins: Builtin[] = [...(feelBuiltins as Builtin[]), ...OWN];
export const camundaExtensions: Builtin[] = OWN;
export const camundaReservedNameBuiltins: Builtin[] = OWN.filter((each) => each.name.includes("between"));
export { feelBuiltins };
