/** The person's profile and settings. */
import { naturalId } from '../natural-id.ts';
import { done, misfit, type Mutation } from './mutation.ts';

export const saveProfile: Mutation<'profile.save'> = ({ sql }, { displayName, nativeLanguage, targetLanguage, at }) => {
  const row = {
    id: naturalId('profile', []),
    display_name: displayName.normalize('NFC').trim(),
    native_language: nativeLanguage,
    target_language: targetLanguage,
    created_at: at,
  };
  const wrong = misfit('profile', row);
  if (wrong) return wrong;
  sql.run(
    `INSERT INTO profile (id, display_name, native_language, target_language, created_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name,
  native_language = excluded.native_language, target_language = excluded.target_language`,
    Object.values(row),
  );
  return done;
};

export const putSetting: Mutation<'settings.put'> = ({ sql }, { key, value }) => {
  const row = { id: naturalId('setting', [key]), key, value };
  const wrong = misfit('setting', row);
  if (wrong) return wrong;
  sql.run(
    'INSERT INTO setting (id, key, value) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
    Object.values(row),
  );
  return done;
};
