/** Which character of which text lies under a tap. */

interface TextPoint {
  readonly text: string;
  /** In UTF-16 code units. */
  readonly offset: number;
}

/** Safari before 26.2 has only the older call, `caretRangeFromPoint`; Firefox has only the newer one. */
interface CaretDocument {
  caretPositionFromPoint?(x: number, y: number): { readonly offsetNode: Node; readonly offset: number } | null;
  caretRangeFromPoint?(x: number, y: number): { readonly startContainer: Node; readonly startOffset: number } | null;
}

export function textUnder(event: MouseEvent): TextPoint | null {
  const page: CaretDocument = document;
  if (page.caretPositionFromPoint) {
    const caret = page.caretPositionFromPoint(event.clientX, event.clientY);
    return caret && textPoint(caret.offsetNode, caret.offset);
  }
  const range = page.caretRangeFromPoint?.(event.clientX, event.clientY);
  return range ? textPoint(range.startContainer, range.startOffset) : null;
}

function textPoint(node: Node, offset: number): TextPoint | null {
  return node.nodeType === Node.TEXT_NODE ? { text: node.textContent ?? '', offset } : null;
}
