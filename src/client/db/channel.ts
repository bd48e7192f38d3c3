/** The channel between tabs, for pages and workers alike. */
import type { Channel } from './leader.ts';
import { databaseChannel, type ChannelMessage } from './rpc.ts';

export function openChannel(): Channel {
  const channel = new BroadcastChannel(databaseChannel);
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (listener) => {
      channel.onmessage = ({ data }: MessageEvent<ChannelMessage>) => listener(data);
    },
    close: () => channel.close(),
  };
}
