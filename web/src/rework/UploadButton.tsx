import { Upload } from "lucide-react";
import { useRef } from "react";
import { useUpload } from "../api/rework";
import { go, songHref } from "../app/route";
import { useProblemToast } from "../app/toasts";
import { useText } from "../i18n";
import { IconButton } from "../ui/Button";

/** Adds an audio file to the library, as a take that can be extended, edited and varied. */
export function UploadButton() {
  const upload = useUpload();
  const showProblem = useProblemToast();
  const picker = useRef<HTMLInputElement>(null);
  const { t } = useText();
  const send = (file: File) =>
    upload.mutate(file, { onSuccess: (song) => go(songHref(song.id)), onError: showProblem });
  return (
    <>
      <IconButton
        label={t(upload.isPending ? "upload.sending" : "upload.name")}
        disabled={upload.isPending}
        onClick={() => picker.current?.click()}
      >
        <Upload />
      </IconButton>
      <input
        ref={picker}
        type="file"
        accept="audio/*,.wav,.flac,.mp3,.ogg,.opus"
        hidden
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          currentTarget.value = ""; // the same file may be chosen again
          if (file) send(file);
        }}
      />
    </>
  );
}
