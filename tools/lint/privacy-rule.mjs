// An ESLint rule: what a class keeps to itself is named with `#`. Constructors have no such name, and keep the keyword.

/** These packages are written with the keyword throughout: one way within each. */
const WITH_KEYWORD = /(?:^|\/)(?:apps\/gateway|libs\/protocol)\//;

export const privacyRule = {
  meta: {
    type: 'problem',
    docs: { description: 'Private members have names that begin with #.' },
    schema: [],
    messages: { keyword: 'Name it with # instead of the keyword `private`.' },
  },
  create(context) {
    if (WITH_KEYWORD.test(context.filename)) return {};
    const check = (node) => {
      if (node.accessibility === 'private' && node.kind !== 'constructor')
        context.report({ node, messageId: 'keyword' });
    };
    return { PropertyDefinition: check, MethodDefinition: check, TSParameterProperty: check };
  },
};
