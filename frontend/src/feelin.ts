// FEEL for the server's embedded JavaScript engine: one global object, no browser needed.
import "./intl_stub";
import { evaluate, parseExpression, parseUnaryTests, unaryTest } from "@bpmn-io/feelin";

Object.assign(globalThis, { feelin: { evaluate, unaryTest, parseExpression, parseUnaryTests } });
