/**
 * Compiles a small part of TypeScript to WebAssembly: the loops of the meter that see every packet (src/flows/meter/kernel).
 *
 * What it takes: `const` and `let`, `if`, `while`, `break`, `continue`, `return`, calls, and the operators of numbers. A number is an
 * `i32` that wraps, an `i64` that wraps and has no sign (a bigint, such as `8n`), or an `f64`, as the declared types of parameters and the
 * loads of `words.ts` say; whole literals take the type of what stands beside them. An arrow function is inlined wherever it is called, one within a function with the variables around it; a declared
 * function is one of the module. Names of other modules are
 * numbers that are known here (`field.srcD`). Whatever else is written is refused, with its line.
 */
import ts from 'typescript';
import { arithmetic, assignments, below, comparisons, conversions, loads, op, stores } from './instructions.ts';
import { signed, signed64, unsigned, type ValueType, valueTypes, type WasmFunction } from './wasm-writer.ts';

/** Objects and numbers of other modules, by their names in the source. */
export type Constants = Readonly<Record<string, unknown>>;

const { SyntaxKind: kind } = ts;

type Code = { type: ValueType | undefined; code: number[] };
type Local = { index: number; type: ValueType };

/** The declared functions of the files, in their order. Arrow functions are known in all of them, by names that no two have. */
export const compile = (sources: readonly ts.SourceFile[], constants: Constants): WasmFunction[] => {
  const inlined = new Map<string, ts.ArrowFunction>();
  const declared: ts.FunctionDeclaration[] = [];
  for (const statement of sources.flatMap((source) => [...source.statements])) {
    if (ts.isImportDeclaration(statement)) continue;
    if (ts.isFunctionDeclaration(statement)) declared.push(statement);
    else if (ts.isVariableStatement(statement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (initializer === undefined || !ts.isArrowFunction(initializer)) throw refused(statement, 'a constant here is an arrow function');
        if (inlined.has(name.getText())) throw refused(statement, 'there is another of that name');
        inlined.set(name.getText(), initializer);
      }
    } else throw refused(statement, 'expected a function');
  }
  const called = new Map(declared.map((node, at) => [node.name!.text, { ...signatureOf(node), index: at }]));
  return declared.map((node) => new FunctionCompiler({ inlined, called, constants }).compile(node));
};

type Signature = { parameters: ValueType[]; result: ValueType | undefined };

const signatureOf = (node: ts.FunctionDeclaration): Signature => ({
  parameters: node.parameters.map(({ type }) => typeOf(type, node)),
  result: node.type?.getText() === 'void' ? undefined : typeOf(node.type, node),
});

/** An arrow function with what it sees beside its parameters. */
type Inlined = { arrow: ts.ArrowFunction; scope: ReadonlyMap<string, Local> };

type Surroundings = {
  inlined: ReadonlyMap<string, ts.ArrowFunction>;
  called: ReadonlyMap<string, Signature & { index: number }>;
  constants: Constants;
};

class FunctionCompiler {
  readonly #around: Surroundings;
  readonly #locals: ValueType[] = [];
  #scope = new Map<string, Local>();
  readonly #inlined: Map<string, Inlined>;
  /** Enclosing blocks, the innermost last: what `break`, `continue` and `return` leave. */
  readonly #blocks: ('break' | 'continue' | 'return' | 'if')[] = [];
  #result: ValueType | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#inlined = new Map([...around.inlined].map(([name, arrow]) => [name, { arrow, scope: new Map() }]));
  }

  compile(node: ts.FunctionDeclaration): WasmFunction {
    const name = node.name!.text;
    const { parameters, result } = signatureOf(node);
    for (const [index, parameter] of node.parameters.entries()) this.#declare(parameter.name.getText(), parameters[index]!);
    this.#result = result;
    const code = this.#block(node.body!);
    // Each way through a function that answers ends in a return; the validator is told that nothing comes behind.
    if (result !== undefined) code.push(0x00);
    return { name, parameters, result, locals: this.#locals.slice(parameters.length), code };
  }

  #declare(name: string, type: ValueType): Local {
    const local = { index: this.#locals.push(type) - 1, type };
    this.#scope.set(name, local);
    return local;
  }

  #block(node: ts.Block): number[] {
    const outer = this.#scope;
    this.#scope = new Map(outer);
    const code = node.statements.flatMap((statement) => this.#statement(statement));
    this.#scope = outer;
    return code;
  }

  #statement(node: ts.Statement): number[] {
    if (ts.isBlock(node)) return this.#block(node);
    if (ts.isVariableStatement(node)) return node.declarationList.declarations.flatMap((declaration) => this.#variable(declaration));
    if (ts.isIfStatement(node)) return this.#if(node);
    if (ts.isWhileStatement(node)) return this.#while(node);
    if (ts.isReturnStatement(node)) return this.#return(node);
    if (ts.isBreakStatement(node)) return [op.br, ...unsigned(this.#depthOf('break', node))];
    if (ts.isContinueStatement(node)) return [op.br, ...unsigned(this.#depthOf('continue', node))];
    if (ts.isExpressionStatement(node)) return this.#effect(node.expression);
    throw refused(node, 'this statement is not known here');
  }

  #variable({ name, type, initializer }: ts.VariableDeclaration): number[] {
    if (initializer === undefined) throw refused(name, 'a variable begins with a value');
    if (ts.isArrowFunction(initializer)) {
      this.#inlined.set(name.getText(), { arrow: initializer, scope: this.#scope });
      return [];
    }
    const wanted = type === undefined ? undefined : typeOf(type, name);
    const value = this.#value(initializer, wanted);
    const { index } = this.#declare(name.getText(), value.type!);
    return [...value.code, op.set, ...unsigned(index)];
  }

  #if({ expression, thenStatement, elseStatement }: ts.IfStatement): number[] {
    const test = this.#value(expression, 'i32').code;
    const then = this.#within('if', () => this.#statement(thenStatement));
    const otherwise = elseStatement === undefined ? [] : [op.else, ...this.#within('if', () => this.#statement(elseStatement))];
    return [...test, op.if, 0x40, ...then, ...otherwise, op.end];
  }

  #while({ expression, statement }: ts.WhileStatement): number[] {
    return this.#within('break', () => {
      const body = this.#within('continue', () => {
        const isEndless = expression.kind === kind.TrueKeyword;
        const test = isEndless ? [] : [...this.#value(expression, 'i32').code, 0x45, op.brIf, 1]; // i32.eqz, leave
        return [...test, ...this.#statement(statement), op.br, 0];
      });
      return [op.block, 0x40, op.loop, 0x40, ...body, op.end, op.end];
    });
  }

  #within<T>(block: 'break' | 'continue' | 'return' | 'if', work: () => T): T {
    this.#blocks.push(block);
    const result = work();
    this.#blocks.pop();
    return result;
  }

  #depthOf(block: 'break' | 'continue' | 'return', node: ts.Node): number {
    const at = this.#blocks.lastIndexOf(block);
    if (at < 0 || (block !== 'return' && at < this.#blocks.lastIndexOf('return'))) throw refused(node, 'nothing to leave');
    return this.#blocks.length - 1 - at;
  }

  /** Out of an inlined function this is a jump behind it. */
  #return(node: ts.ReturnStatement): number[] {
    const value = node.expression === undefined ? [] : this.#value(node.expression, this.#result).code;
    if (!this.#blocks.includes('return')) return [...value, op.return];
    return [...value, op.br, ...unsigned(this.#depthOf('return', node))];
  }

  /** An expression for what it does. */
  #effect(node: ts.Expression): number[] {
    if (ts.isBinaryExpression(node) && ts.isIdentifier(node.left)) {
      const local = this.#scope.get(node.left.text);
      const operator = assignments[node.operatorToken.kind];
      if (local !== undefined && node.operatorToken.kind === kind.EqualsToken) {
        return [...this.#value(node.right, local.type).code, op.set, ...unsigned(local.index)];
      }
      if (local !== undefined && operator !== undefined) {
        const value = this.#value(node.right, local.type).code;
        return [op.get, ...unsigned(local.index), ...value, arithmetic[operator]![local.type]!, op.set, ...unsigned(local.index)];
      }
    }
    if (ts.isCallExpression(node)) {
      const { type, code } = this.#call(node);
      if (type === undefined) return code;
    }
    throw refused(node, 'this does nothing here');
  }

  #value(node: ts.Expression, wanted?: ValueType): Code & { type: ValueType } {
    const value = this.#expression(node, wanted);
    if (value.type === undefined || (wanted !== undefined && value.type !== wanted)) throw refused(node, `expected ${wanted ?? 'a value'}`);
    return value as Code & { type: ValueType };
  }

  #expression(node: ts.Expression, wanted: ValueType | undefined): Code {
    if (ts.isParenthesizedExpression(node)) return this.#expression(node.expression, wanted);
    const constant = this.#constantOf(node);
    if (constant !== undefined) return numberCode(constant, wanted ?? 'i32');
    const long = this.#longOf(node);
    if (long !== undefined) return longCode(long);
    if (ts.isIdentifier(node)) return this.#variableOf(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    if (ts.isConditionalExpression(node)) return this.#choice(node, wanted);
    if (ts.isPrefixUnaryExpression(node)) return this.#unary(node, wanted);
    if (ts.isBinaryExpression(node)) return this.#binary(node, wanted);
    throw refused(node, 'this expression is not known here');
  }

  #variableOf(node: ts.Identifier): Code {
    const local = this.#scope.get(node.text);
    if (local === undefined) throw refused(node, `there is no ${node.text}`);
    return { type: local.type, code: [op.get, ...unsigned(local.index)] };
  }

  /** The value of an expression that is known now. */
  #constantOf(node: ts.Expression): number | undefined {
    if (ts.isParenthesizedExpression(node)) return this.#constantOf(node.expression);
    if (ts.isNumericLiteral(node)) return Number(node.text);
    if (node.kind === kind.TrueKeyword || node.kind === kind.FalseKeyword) return node.kind === kind.TrueKeyword ? 1 : 0;
    if (ts.isIdentifier(node)) {
      const value = this.#scope.has(node.text) ? undefined : this.#around.constants[node.text];
      return typeof value === 'number' ? value : undefined;
    }
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const value = (this.#around.constants[node.expression.text] as Record<string, unknown> | undefined)?.[node.name.text];
      if (typeof value !== 'number') throw refused(node, 'not a number that is known here');
      return value;
    }
    if (ts.isPrefixUnaryExpression(node)) {
      const value = this.#constantOf(node.operand);
      if (value === undefined) return undefined;
      return node.operator === kind.MinusToken ? -value : node.operator === kind.TildeToken ? ~value : undefined;
    }
    return ts.isBinaryExpression(node) ? this.#constantOfBinary(node) : undefined;
  }

  /** The same of a bigint, which is a literal or a name. */
  #longOf(node: ts.Expression): bigint | undefined {
    if (ts.isBigIntLiteral(node)) return BigInt(node.text.slice(0, -1));
    const value = ts.isIdentifier(node) && !this.#scope.has(node.text) ? this.#around.constants[node.text] : undefined;
    return typeof value === 'bigint' ? value : undefined;
  }

  #constantOfBinary({ left, operatorToken, right }: ts.BinaryExpression): number | undefined {
    const a = this.#constantOf(left);
    const b = a === undefined ? undefined : this.#constantOf(right);
    if (a === undefined || b === undefined) return undefined;
    if (operatorToken.kind === kind.PlusToken) return a + b;
    if (operatorToken.kind === kind.MinusToken) return a - b;
    if (operatorToken.kind === kind.AsteriskToken) return a * b;
    if (operatorToken.kind === kind.BarToken) return a | b;
    return operatorToken.kind === kind.LessThanLessThanToken ? a << b : undefined;
  }

  #choice(node: ts.ConditionalExpression, wanted: ValueType | undefined): Code {
    const test = this.#value(node.condition, 'i32').code;
    const [yes, no] = this.#within('if', () => this.#pair(node.whenTrue, node.whenFalse, wanted));
    return { type: yes.type, code: [...test, op.if, valueTypes[yes.type], ...yes.code, op.else, ...no.code, op.end] };
  }

  /** Two expressions of one type: a literal takes that of the other. */
  #pair(left: ts.Expression, right: ts.Expression, wanted: ValueType | undefined) {
    if (this.#constantOf(left) === undefined) {
      const first = this.#value(left, wanted);
      return [first, this.#value(right, first.type)] as const;
    }
    const second = this.#value(right, wanted);
    return [this.#value(left, second.type), second] as const;
  }

  #unary(node: ts.PrefixUnaryExpression, wanted: ValueType | undefined): Code {
    if (node.operator === kind.ExclamationToken) return { type: 'i32', code: [...this.#value(node.operand, 'i32').code, 0x45] };
    const value = this.#value(node.operand, wanted);
    if (node.operator === kind.TildeToken) {
      if (value.type === 'i64') return { type: 'i64', code: [...value.code, ...longCode(-1n).code, 0x85] };
      return { type: 'i32', code: [...value.code, ...numberCode(-1, 'i32').code, 0x73] };
    }
    if (node.operator !== kind.MinusToken) throw refused(node, 'this operator is not known here');
    if (value.type === 'f64') return { type: 'f64', code: [...value.code, 0x9a] };
    return { type: 'i32', code: [...numberCode(0, 'i32').code, ...value.code, 0x6b] };
  }

  #binary(node: ts.BinaryExpression, wanted: ValueType | undefined): Code {
    const token = node.operatorToken.kind;
    if (token === kind.AmpersandAmpersandToken || token === kind.BarBarToken) return this.#shortCut(node, token);
    const isComparison = comparisons[token] !== undefined;
    const [left, right] = this.#pair(node.left, node.right, isComparison ? undefined : wanted);
    const operation = (comparisons[token] ?? arithmetic[token])?.[left.type];
    if (operation === undefined) throw refused(node, `no such operator for ${left.type}`);
    return { type: isComparison ? 'i32' : left.type, code: [...left.code, ...right.code, operation] };
  }

  #shortCut({ left, right }: ts.BinaryExpression, token: ts.SyntaxKind): Code {
    const first = this.#value(left, 'i32').code;
    const second = this.#within('if', () => this.#value(right, 'i32').code);
    const [yes, no] = token === kind.BarBarToken ? [numberCode(1, 'i32').code, second] : [second, numberCode(0, 'i32').code];
    return { type: 'i32', code: [...first, op.if, valueTypes.i32, ...yes, op.else, ...no, op.end] };
  }

  #call(node: ts.CallExpression): Code {
    const name = node.expression.getText();
    const inlined = this.#inlined.get(name);
    if (inlined !== undefined) return this.#inline(inlined, node);
    const called = this.#around.called.get(name);
    if (called !== undefined) {
      const given = called.parameters.flatMap((type, at) => this.#value(node.arguments[at]!, type).code);
      return { type: called.result, code: [...given, op.call, ...unsigned(called.index)] };
    }
    return this.#intrinsic(name, node);
  }

  #intrinsic(name: string, node: ts.CallExpression): Code {
    const [first, second] = node.arguments;
    if (first === undefined) throw refused(node, `there is no ${name}`);
    const load = loads[name];
    const store = stores[name];
    if (load !== undefined || store !== undefined) {
      const { code, offset } = this.#address(first);
      // Alignment 2^0 is a hint that any address may come; no processor of now asks for more.
      if (load !== undefined) return { type: load[1], code: [...code, load[0], 0, ...unsigned(offset)] };
      const value = this.#value(second!, store![1]).code;
      return { type: undefined, code: [...code, ...value, store![0], 0, ...unsigned(offset)] };
    }
    const conversion = conversions[name];
    if (conversion !== undefined) return { type: conversion[2], code: [...this.#value(first, conversion[1]).code, conversion[0]] };
    if (name === 'matches16') {
      const { code, offset } = this.#address(first);
      // v128.load, i8x16.splat, i8x16.eq, i8x16.bitmask
      const octet = this.#value(second!, 'i32').code;
      return { type: 'i32', code: [...code, 0xfd, 0x00, 0, ...unsigned(offset), ...octet, 0xfd, 0x0f, 0xfd, 0x23, 0xfd, 0x64] };
    }
    if (name === 'below') return { type: 'i32', code: [...this.#value(first, 'i32').code, ...this.#value(second!, 'i32').code, below] };
    throw refused(node, `there is no ${name}`);
  }

  /** The constant part of an address goes into the instruction. */
  #address(node: ts.Expression): { code: number[]; offset: number } {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === kind.PlusToken) {
      const offset = this.#constantOf(node.right);
      if (offset !== undefined && offset >= 0) {
        const inner = this.#address(node.left);
        return { code: inner.code, offset: inner.offset + offset };
      }
    }
    return { code: this.#value(node, 'i32').code, offset: 0 };
  }

  #inline({ arrow, scope }: Inlined, node: ts.CallExpression): Code {
    const outer = this.#scope;
    const given = arrow.parameters.map(({ type, name }, at) => {
      const wanted = typeOf(type, node);
      return { name: name.getText(), type: wanted, code: this.#value(node.arguments[at]!, wanted).code };
    });
    this.#scope = new Map(scope);
    const code = given.flatMap(({ name, type, code: value }) => [...value, op.set, ...unsigned(this.#declare(name, type).index)]);
    const isVoid = arrow.type?.getText() === 'void';
    const type = isVoid ? undefined : typeOf(arrow.type, arrow);
    const { body } = arrow;
    if (ts.isBlock(body)) {
      const outerResult = this.#result;
      this.#result = type;
      const inner = this.#within('return', () => this.#block(body));
      this.#result = outerResult;
      code.push(op.block, type === undefined ? 0x40 : valueTypes[type], ...inner, ...(type === undefined ? [] : [0x00]), op.end);
    } else code.push(...(type === undefined ? this.#effect(body) : this.#value(body, type).code));
    this.#scope = outer;
    return { type, code };
  }
}

const longCode = (value: bigint): Code & { type: ValueType } => ({
  type: 'i64',
  code: [0x42, ...signed64(BigInt.asIntN(64, value))],
});

const numberCode = (value: number, type: ValueType): Code & { type: ValueType } => {
  if (type === 'i32') return { type, code: [0x41, ...signed(value)] };
  return { type, code: [0x44, ...new Uint8Array(Float64Array.of(value).buffer)] };
};

const typeOf = (node: ts.TypeNode | undefined, where: ts.Node): ValueType => {
  const name = node?.getText();
  if (name === 'i32' || name === 'i64' || name === 'f64') return name;
  if (name === 'boolean') return 'i32';
  throw refused(where, 'types here are i32, i64, f64, boolean and void');
};

const refused = (node: ts.Node, why: string): Error => {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return new Error(`${source.fileName}:${line + 1}: ${why}: ${node.getText().split('\n')[0]}`);
};
