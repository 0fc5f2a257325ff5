"""Ask a running page of the Space for a short song, as gradio's own client does.

python integrations/space/check.py [ADDRESS]      default: http://127.0.0.1:7860
"""

import sys
import time

import soundfile
from gradio_client import Client

address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860"
client = Client(address, verbose=False)
began = time.perf_counter()
job = client.submit("[verse]\nMorning light is in the street", "folk, female vocals", 12, 7, api_name="/sing")
first = None
for _ in job:
    first = first or time.perf_counter() - began
_, song, words = job.outputs()[-1]
took = time.perf_counter() - began
file = song["value"] if isinstance(song, dict) else song
seconds = soundfile.info(file["path"] if isinstance(file, dict) else file).duration
sys.stdout.write(f"{seconds:.1f} s of song in {took:.1f} s, heard after {first:.1f} s\n{words}")
