// An ESLint rule: what a class keeps to itself is named with `#`. Constructors have no such name, and keep the keyword.

/** The class that a parameter of a constructor belongs to. */
const classOf = (parameter) => parameter.parent.parent.parent.parent;

export const privacyRule = {
  meta: {
    type: 'problem',
    docs: { description: 'Private members have names that begin with #.' },
    schema: [],
    messages: { keyword: 'Name it with # instead of the keyword `private`.' },
  },
  create(context) {
    const check = (node) => {
      if (node.accessibility === 'private' && node.kind !== 'constructor')
        context.report({ node, messageId: 'keyword' });
    };
    return {
      PropertyDefinition: check,
      MethodDefinition: check,
      // Nest injects into constructors of decorated classes: there a member is declared where it is given.
      TSParameterProperty: (node) => {
        if (classOf(node).decorators.length === 0) check(node);
      },
    };
  },
};
