/** Texts to read. */
import { naturalId } from '../natural-id.ts';
import { done, insertNew, invalid, misfit, type Mutation } from './mutation.ts';

/** A text that is here already stays as it is: its id follows from its content. */
export const addDocument: Mutation<'documents.add'> = (
  { sql },
  { title, language, content, contentHash, source, at },
) => {
  const id = naturalId('document', [contentHash]);
  const row = { id, title: title.trim(), language, content, content_hash: contentHash, source, added_at: at };
  const wrong = misfit('document', row);
  if (wrong) return wrong;
  insertNew(sql, 'document', row);
  return done;
};

export const moveInDocument: Mutation<'documents.move'> = ({ sql }, { id, position }) => {
  const wrong = misfit('document', { id, position });
  if (wrong) return wrong;
  const changed = sql.run('UPDATE document SET position = ? WHERE id = ?', [position, id]);
  return changed > 0 ? done : invalid('document.id names no text that is here');
};

export const deleteDocument: Mutation<'documents.delete'> = ({ sql }, { id }) => {
  sql.run('DELETE FROM document WHERE id = ?', [id]);
  return done;
};

export const readDocument: Mutation<'documents.read'> = ({ sql }, { readingId, language, minutes, at }) => {
  if (!Number.isInteger(minutes) || minutes < 1) return invalid('study_event.amount must be whole minutes');
  const id = naturalId('study_event', ['text_read', readingId]);
  const row = { id, kind: 'text_read', language, amount: minutes, happened_at: at };
  const wrong = misfit('study_event', row);
  if (wrong) return wrong;
  insertNew(sql, 'study_event', row);
  return done;
};
