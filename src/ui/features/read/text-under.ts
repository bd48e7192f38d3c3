/** Which character of which text lies under a tap. */

interface TextPoint {
  readonly text: string;
  /** In UTF-16 code units. */
  readonly offset: number;
}

/** Safari before 26.2 has only the older call; Firefox has only the newer one. */
type CaretDocument = Pick<Document, 'caretRangeFromPoint'> & {
  readonly caretPositionFromPoint?: (
    x: number,
    y: number,
  ) => { readonly offsetNode: Node; readonly offset: number } | null;
};

export function textUnder(event: MouseEvent): TextPoint | null {
  const page: CaretDocument = document;
  if (page.caretPositionFromPoint) {
    const caret = page.caretPositionFromPoint(event.clientX, event.clientY);
    return caret && textPoint(caret.offsetNode, caret.offset);
  }
  const range = page.caretRangeFromPoint(event.clientX, event.clientY);
  return range && textPoint(range.startContainer, range.startOffset);
}

function textPoint(node: Node, offset: number): TextPoint | null {
  return node.nodeType === Node.TEXT_NODE ? { text: node.textContent ?? '', offset } : null;
}
