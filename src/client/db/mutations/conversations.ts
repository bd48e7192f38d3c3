/** Conversations and their messages. */
import { naturalId } from '../natural-id.ts';
import { done, exists, insertNew, invalid, misfit, type Mutation } from './mutation.ts';

export const startConversation: Mutation<'conversations.start'> = ({ sql }, { id, title, language, scenario, at }) => {
  const row = { id, title: title.trim(), language, scenario, started_at: at };
  const wrong = misfit('conversation', row);
  if (wrong) return wrong;
  insertNew(sql, 'conversation', row);
  return done;
};

export const renameConversation: Mutation<'conversations.rename'> = ({ sql }, args) => {
  const title = args.title.trim();
  const wrong = misfit('conversation', { id: args.id, title });
  if (wrong) return wrong;
  const changed = sql.run('UPDATE conversation SET title = ? WHERE id = ?', [title, args.id]);
  return changed > 0 ? done : invalid('conversation.id names no conversation that is here');
};

export const deleteConversation: Mutation<'conversations.delete'> = ({ sql }, { id }) => {
  sql.run('DELETE FROM message WHERE conversation_id = ?', [id]);
  sql.run('DELETE FROM conversation WHERE id = ?', [id]);
  return done;
};

export const sendMessage: Mutation<'messages.send'> = ({ sql }, { id, conversationId, author, body, at }) => {
  const row = { id, conversation_id: conversationId, author, body: body.normalize('NFC'), sent_at: at };
  const wrong = misfit('message', row);
  if (wrong) return wrong;
  if (exists(sql, 'message', id)) return done;
  const [conversation] = sql.arrays('SELECT language FROM conversation WHERE id = ?', [conversationId]);
  if (!conversation) return invalid('message.conversation_id names no conversation that is here');
  insertNew(sql, 'message', row);
  if (author === 'learner') {
    const event = { kind: 'message_sent', language: conversation[0]!, amount: 1, happened_at: at };
    insertNew(sql, 'study_event', { id: naturalId('study_event', ['message_sent', id]), ...event });
  }
  return done;
};
