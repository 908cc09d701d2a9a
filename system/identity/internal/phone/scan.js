// Reads the QR code of a sign-in with the phone's camera. A code scanned by the
// phone's own camera app opens this page with the token behind the #.
"use strict";
{
  const box = document.querySelector("[data-scan]");
  const form = document.querySelector("[data-scan-form]");
  const field = form.elements.namedItem("code");
  const told = box.querySelector("[data-scan-told]");
  const video = box.querySelector("video");
  const page = location.origin + location.pathname + "#";
  const go = (token) => {
    history.replaceState(null, "", location.pathname);
    field.removeAttribute("maxlength");
    field.value = token;
    form.submit();
  };
  const tokenOf = (text) => (text.startsWith(page) && text.length === page.length + 43 ? text.slice(page.length) : "");

  // decoder is the browser's own where there is one, else ours, loaded only then.
  const decoder = async () => {
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async () => (await detector.detect(video)).map((code) => code.rawValue);
    }
    await new Promise((loaded, failed) => {
      const script = document.createElement("script");
      script.src = box.dataset.decoder;
      script.onload = loaded;
      script.onerror = failed;
      document.head.append(script);
    });
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    return async () => {
      const scale = Math.min(1, 640 / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = video.videoWidth * scale;
      canvas.height = video.videoHeight * scale;
      if (!canvas.width) return [];
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
      const found = jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
      return found ? [found.data] : [];
    };
  };

  const start = async (event) => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      event.target.hidden = true;
      await video.play();
      const read = await decoder();
      const look = async () => {
        for (const text of await read()) {
          const token = tokenOf(text);
          if (token) {
            for (const track of video.srcObject.getTracks()) track.stop();
            return go(token);
          }
          told.textContent = box.dataset.foreign;
        }
        setTimeout(look, 150);
      };
      look();
    } catch {
      video.hidden = true;
      told.textContent = box.dataset.none;
    }
  };

  const scanned = tokenOf(location.href);
  if (scanned) {
    go(scanned);
  } else if (navigator.mediaDevices) {
    box.hidden = false;
    box.querySelector("[data-scan-start]").addEventListener("click", start);
  }
}
